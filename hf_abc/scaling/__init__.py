"""The scaling study: plan, run, fit, report."""
