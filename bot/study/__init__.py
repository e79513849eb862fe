"""Use cases: what happens to rounds, answers, grades and boards."""
