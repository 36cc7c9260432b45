"""Names the plugins; defines nothing. Hooks live in the module whose subject they serve."""

pytest_plugins = [
    "fixtures.environment",
    "fixtures.checklist",
    "fixtures.evidence",
    "fixtures.findings",
    "fixtures.database",
    "fixtures.scratch",
    "fixtures.rehearsal",
    "fixtures.drift",
    "fixtures.statements",
    "fixtures.gateway",
    "fixtures.contract",
    "fixtures.canaries",
    "fixtures.functions_log",
    "fixtures.browser",
    "fixtures.screens.visitors",
    "fixtures.screens.stage",
    "fixtures.tenancy",
    "fixtures.isolation_http.plugin",
    "fixtures.monitoring.plugin",
    "reports.verdict",
]
