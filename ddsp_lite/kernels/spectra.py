"""What a loss on short-time spectra does between two transforms, compiled with Numba.

A frame's spectrum is complex, of the frame without a window: the Hann window is three taps along frequency, -1/4, 1/2,
-1/4, so that no windowed frame is ever stored. Short frames are worked on in groups, of some thousand bins, whose
magnitudes and gradients stay in the cache; the gradient replaces the spectrum. All is float32; the groups' sums are
added up in float64. Frames lie ``stride`` to a sound, not all of which count. The plain PyTorch twin is ``_plain`` of
``ddsp_lite.losses.spectral``; the chapter is ``inference/by-gradient-descent``.
"""

import numba
import numpy as np

# Without fastmath, so that the magnitudes of two equal sounds are equal wherever they are computed.
_exact = numba.njit(cache=True, error_model="numpy", nogil=True)
# Sums in another order are what makes vectors of sums.
_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc", "contract", "nsz"})


@_exact
def _taps(x, result):
    """Take the Hann window's three taps along frequency where a bin has two neighbours."""
    top = x.size - 1
    below, at, above, inner = x[: top - 1], x[1:top], x[2:], result[1:top]  # an offset in an index would end vectors
    for k in range(top - 1):
        inner[k] = np.float32(0.5) * at[k] - np.float32(0.25) * (below[k] + above[k])


@_exact
def _windowed(spectra, bins, odd, power, re, im, w_re, w_im, result):
    """Window some complex spectra of so many bins, one after the other, and give real parts, imaginary, magnitudes.

    ``power`` is the floor's; ``re`` and ``im`` are room to work in.
    """
    half, quarter = np.float32(0.5), np.float32(0.25)
    for k in range(spectra.size):
        value = spectra[k]
        re[k], im[k] = value.real, value.imag
    _taps(re, w_re)
    _taps(im, w_im)
    for low in range(0, spectra.size, bins):
        top = low + bins - 1
        w_re[low], w_im[low] = half * (re[low] - re[low + 1]), np.float32(0)
        if odd:  # above the top bin lies its mirror image, otherwise that of the one before
            w_re[top] = half * re[top] - quarter * (re[top - 1] + re[top])
            w_im[top] = half * im[top] - quarter * (im[top - 1] - im[top])
        else:
            w_re[top], w_im[top] = half * (re[top] - re[top - 1]), np.float32(0)
    for k in range(spectra.size):
        result[k] = np.sqrt(w_re[k] * w_re[k] + w_im[k] * w_im[k] + power)


@_compiled
def magnitudes(spectra, stride, group, odd, power, result):
    """Give the magnitudes [B, J, K]."""
    rows, frames, bins = result.shape
    most = group * bins
    re, im = np.empty(most, np.float32), np.empty(most, np.float32)
    w_re, w_im = np.empty(most, np.float32), np.empty(most, np.float32)
    for row in range(rows):
        for j in range(0, frames, group):
            count = min(group, frames - j)
            size = count * bins
            some = spectra[row * stride + j : row * stride + j + count].reshape(-1)
            to = result[row, j : j + count].reshape(-1)
            _windowed(some, bins, odd, power, re[:size], im[:size], w_re[:size], w_im[:size], to)


@_compiled
def _logarithms(ratio, bits):
    """Sum the natural logarithms of ratios from 1 up, given also as the integers that hold their bits.

    Exponent and mantissa part the ratio; of the mantissa, from 0.71 to 1.41, the series of 2 artanh((m - 1) / (m + 1))
    is exact to 3e-8 after four terms.
    """
    total = np.float32(0)
    for k in range(ratio.size):
        exponent = np.float32((bits[k] >> 23) - 127)
        m = np.float32(bits[k] & 0x7FFFFF) * np.float32(2**-23) + np.float32(1)
        high = m > np.float32(1.4142135)
        exponent = exponent + np.float32(1) if high else exponent
        m = m * np.float32(0.5) if high else m
        s = (m - np.float32(1)) / (m + np.float32(1))
        z = s * s
        p = np.float32(2 / 7) * z + np.float32(2 / 5)
        p = (p * z + np.float32(2 / 3)) * z + np.float32(2)
        total += exponent * np.float32(0.6931472) + s * p
    return total


@_compiled
def compare(spectra, target, stride, group, odd, power, linear, log, pull, write, sums):
    """Compare groups of frames with the target's magnitudes [B, J, K], and put the gradient in their spectra's place.

    To sums [B, 3] is added the sum of the differences' sizes, that of the logarithms', and that of their squares. The
    gradient is that of linear * sums[..., 0] + log * sums[..., 1] + pull[row] / 2 * sums[..., 2], for a transform back
    in which inner bins count twice; without ``write`` there is none, and the spectra are left as they are.
    """
    rows, frames, bins = target.shape
    most = group * bins
    all_re, all_im = np.empty(most, np.float32), np.empty(most, np.float32)
    all_w_re, all_w_im = np.empty(most, np.float32), np.empty(most, np.float32)
    all_ours, all_ratio = np.empty(most, np.float32), np.empty(most, np.float32)
    zero, half, one, two = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
    groups = (frames + group - 1) // group
    for place in range(rows * groups):
        row, j = place // groups, place % groups * group
        count = min(group, frames - j)
        size = count * bins
        theirs = target[row, j : j + count].reshape(-1)
        some = spectra[row * stride + j : row * stride + j + count].reshape(-1)
        w_re, w_im, ours, ratio = all_w_re[:size], all_w_im[:size], all_ours[:size], all_ratio[:size]
        _windowed(some, bins, odd, power, all_re[:size], all_im[:size], w_re, w_im, ours)
        sizes = squares = zero
        for k in range(size):
            difference = ours[k] - theirs[k]
            sizes += abs(difference)
            squares += difference * difference
        sums[row, 0] += sizes
        sums[row, 2] += squares
        if log > zero:
            for k in range(size):
                less, more = (ours[k], theirs[k]) if ours[k] < theirs[k] else (theirs[k], ours[k])
                ratio[k] = more / less
            sums[row, 1] += _logarithms(ratio, ratio.view(np.int32))
        if write:
            force, slope = pull[row], ratio
            for k in range(size):
                difference, inverse = ours[k] - theirs[k], one / ours[k]
                sign = one if difference > zero else zero
                sign = -one if difference < zero else sign
                slope[k] = half * inverse * (sign * (linear + log * inverse) + force * difference)
            for low in range(0, size, bins):
                slope[low] *= two
                if not odd:
                    slope[low + bins - 1] *= two
            for k in range(size):
                some[k] = complex(slope[k] * w_re[k], slope[k] * w_im[k])


@_compiled
def overlap_add(pieces, window, stride, frames, hop, before, result):
    """Add windowed pieces [B stride, F] into result [B, N], piece j from j hop - before on, cut at the ends."""
    samples, size = result.shape[1], pieces.shape[1]
    for row in range(result.shape[0]):
        for j in range(frames):
            start = j * hop - before
            low, high = max(0, start), min(samples, start + size)
            if low < high:
                out, piece, w = result[row, low:high], pieces[row * stride + j, low - start :], window[low - start :]
                for n in range(high - low):
                    out[n] += w[n] * piece[n]
