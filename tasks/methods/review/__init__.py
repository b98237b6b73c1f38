"""What people's answers say of rows: how far each person is to be believed, and the classes after it."""
