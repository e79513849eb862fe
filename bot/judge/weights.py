"""The offline judge's regression, from tools/fit_offline_judge.py: don't edit."""

from __future__ import annotations

from bot.judge.regression import Regression

# Fitted on the human grades of:
#   Short Answer Feedback, English v2, training split (MIT)
#   SemEval-2013 task 7, Beetle, training split (CC BY-SA 3.0)
FITTED = Regression(
    intercept=0.67387,
    means=(
        0.44017,
        0.51391,
        -0.25881,
        -0.28118,
        0.41129,
        0.15598,
        0.03547,
    ),
    weights=(
        0.23103,
        0.24679,
        0.07181,
        0.07608,
        0.09167,
        0.08957,
        -0.40948,
    ),
)
