"""The four models, one file each and one shape: fit, score, save, load.

`models` imports `pipeline` and never `flows`. Keras is imported where it is used, so that importing this package
stays quick.
"""
