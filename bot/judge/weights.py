"""The offline judge's regression, made by tools/fit_offline_judge.py: don't edit."""

from __future__ import annotations

from bot.judge.regression import Regression

# Fitted on the human grades of:
#   Short Answer Feedback, English v2, training split (MIT)
#   SemEval-2013 task 7, Beetle, training split (CC BY-SA 3.0)
FITTED = Regression(
    intercept=0.67357,
    means=(
        0.56424,
        -0.27689,
        0.18540,
        0.14968,
        0.45439,
        0.40698,
        0.40824,
        0.43369,
    ),
    weights=(
        0.32284,
        0.13524,
        0.08247,
        0.06242,
        0.16503,
        -0.37575,
        0.18201,
        0.21876,
    ),
)
