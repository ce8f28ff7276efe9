"""Compiled Kalman recursions over uneven steps: likelihood, fit, one-step forecasts, smoothing. All O(N).

A model is a set of stochastic *blocks* with proper initial variance, and *columns* whose coefficients are unknown
constants (levels, slopes, seasonal amplitudes, regressors). The columns are filtered beside the data, so that their
coefficients come out of one small least-squares problem at the end: the augmented Kalman filter of de Jong (1991,
Annals of Statistics 19, 1073), whose likelihood with flat priors is the exact diffuse likelihood. A state costs O(n^2)
a step, a column only O(n), which is what makes many harmonics cheap.

These modules import numba, so they are imported inside the functions that use them.
"""
