"""The offline judge's regression, from tools/fit_offline_judge.py: don't edit."""

from __future__ import annotations

from bot.judge.regression import Regression

# Fitted on the human grades of:
#   Short Answer Feedback, English v2, training split (MIT)
#   SemEval-2013 task 7, Beetle, training split (CC BY-SA 3.0)
FITTED = Regression(
    intercept=0.67387,
    means=(
        0.44067,
        0.51454,
        -0.25881,
        -0.28118,
        0.41198,
        0.15598,
        0.03547,
    ),
    weights=(
        0.23074,
        0.24748,
        0.07183,
        0.07603,
        0.09171,
        0.08961,
        -0.40931,
    ),
)
