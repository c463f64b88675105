"""How residuals of one series resemble themselves some periods later."""

import numpy as np

from models.arrays import FloatArray


def autocorrelations(residuals: FloatArray, lags: int) -> FloatArray:
    """Correlation of residuals 1, ..., `lags` calendar periods apart.

    Parameters
    ----------
    residuals
        Shape (T,); NaN where a period is left out, so that its neighbours are not taken for adjacent.
    lags
        Largest distance, at least 1.

    Returns
    -------
    FloatArray
        Shape (lags,), each the sum of products over the sum of squares; NaN where no two periods are that far apart,
        or where the residuals do not vary.
    """
    found = np.full(lags, np.nan)
    seen = np.isfinite(residuals)
    if not seen.any():
        return found
    centred = residuals - residuals[seen].mean()
    total = float(np.nansum(centred**2))
    for lag in range(1, min(lags, len(residuals) - 1) + 1):
        products = centred[lag:] * centred[:-lag]
        if total > 0 and np.isfinite(products).any():
            found[lag - 1] = np.nansum(products) / total
    return found
