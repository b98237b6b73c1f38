"""What people hold in a notebook, arrays, tables and configs, as the product takes it."""
