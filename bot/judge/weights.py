"""The offline judge's regression, from tools/fit_offline_judge.py: don't edit."""

from __future__ import annotations

from bot.judge.regression import Regression

# Fitted on the human grades of:
#   Short Answer Feedback, English v2, training split (MIT)
#   SemEval-2013 task 7, Beetle, training split (CC BY-SA 3.0)
FITTED = Regression(
    intercept=0.67357,
    means=(
        0.56423,
        -0.27689,
        0.18540,
        0.14968,
        0.45420,
        0.40681,
        0.40824,
        0.41412,
    ),
    weights=(
        0.30985,
        0.13684,
        0.08444,
        0.04940,
        0.14718,
        -0.37908,
        0.18298,
        0.25318,
    ),
)
