"""Reports: the verdict (which owns the exit status), the sign-off sheet and Allure."""
