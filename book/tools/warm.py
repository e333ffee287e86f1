"""Compile once, after installation, what librosa compiles at its first numerical call (20 to 60 s on a new machine).

Without it the first chapter that analyses a recording would wait for it inside a cell, and might exceed the cell's
time.
"""

import librosa
import numpy as np


def main() -> None:
    """Make the calls that the chapters make, on a short tone."""
    tone = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000).astype(np.float32)
    librosa.pyin(tone, fmin=100, fmax=800, sr=16000, frame_length=1024)
    librosa.feature.rms(y=tone)
    librosa.amplitude_to_db(np.abs(librosa.stft(tone, n_fft=512)))
    librosa.resample(tone, orig_sr=16000, target_sr=22050)


if __name__ == "__main__":
    main()
