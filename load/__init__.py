"""Load: journeys of many members at once, the budgets they are held to, and the report of a run."""
