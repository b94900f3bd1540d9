"""What the terminal shows: values of the model as tables and lines in one language."""
