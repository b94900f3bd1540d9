"""One run: plan, workers, journals, record; going on with it, and its history."""
