"""The report of a run: HTML, the terminal's and the Prefect UI's forms of it, plots and words."""
