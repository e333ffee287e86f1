"""Units of pitch: MIDI notes, semitones, cents, mel and equivalent rectangular bandwidths."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks


def hz_to_midi(frequency: Tensor | float) -> Tensor:
    r"""Convert a frequency to a MIDI note number, ``69 + 12 log2(frequency / 440)``.

    Args:
        frequency: frequency in Hz, any shape, above 0.

    Returns:
        MIDI note number, the same shape; whole numbers are the keys of a piano, 60 is the middle C.

    Raises:
        ValueError: if a frequency is not above 0 and finite.

    Source: MIDI Manufacturers Association, MIDI Tuning Standard (A4 = note 69 = 440 Hz).
    Chapter: gradients/sound-as-tensors.

    >>> hz_to_midi(torch.tensor([440.0, 880.0]))
    tensor([69., 81.])
    """
    frequency = checks.positive(checks.floating(frequency, "frequency"), "frequency", unit="Hz")
    return 69.0 + 12.0 * torch.log2(frequency / 440.0)


def midi_to_hz(note: Tensor | float) -> Tensor:
    r"""Convert a MIDI note number to a frequency, ``440 * 2^((note - 69) / 12)``.

    Args:
        note: MIDI note number, any shape, whole or not.

    Returns:
        Frequency in Hz, the same shape.

    Raises:
        ValueError: if a note is not finite.

    Source: MIDI Manufacturers Association, MIDI Tuning Standard (A4 = note 69 = 440 Hz).
    Chapter: gradients/sound-as-tensors.

    >>> midi_to_hz(torch.tensor([69.0, 57.0]))
    tensor([440., 220.])
    """
    note = checks.floating(note, "note")
    return 440.0 * torch.exp2((note - 69.0) / 12.0)


def semitones(frequency: Tensor | float, reference: Tensor | float) -> Tensor:
    r"""Measure an interval in semitones, ``12 log2(frequency / reference)``.

    Args:
        frequency: frequency in Hz, any shape, above 0.
        reference: frequency in Hz from which the interval is counted, above 0; broadcasts with ``frequency``.

    Returns:
        The interval in semitones, in the shape to which both broadcast; 12 is an octave up.

    Raises:
        ValueError: if a frequency is not above 0 and finite, or the shapes do not broadcast.

    Source: equal temperament, an octave in 12 equal ratios; Müller (2021), Fundamentals of Music Processing.
    Chapter: gradients/sound-as-tensors.

    >>> semitones(880.0, 440.0)
    tensor(12.)
    """
    frequency = checks.positive(checks.floating(frequency, "frequency"), "frequency", unit="Hz")
    reference = checks.positive(checks.floating(reference, "reference"), "reference", unit="Hz")
    checks.broadcast(frequency=frequency.shape, reference=reference.shape)
    return 12.0 * torch.log2(frequency / reference)


def hz_to_cents(frequency: Tensor | float, reference: Tensor | float) -> Tensor:
    r"""Measure an interval in cents, hundredths of a semitone, ``1200 log2(frequency / reference)``.

    Args:
        frequency: frequency in Hz, any shape, above 0.
        reference: frequency in Hz from which the interval is counted, above 0; broadcasts with ``frequency``.

    Returns:
        The interval in cents, in the shape to which both broadcast; 1200 is an octave up.

    Raises:
        ValueError: if a frequency is not above 0 and finite, or the shapes do not broadcast.

    Source: Ellis (1885), in his appendix to Helmholtz, On the Sensations of Tone.
    Chapter: gradients/sound-as-tensors.

    >>> hz_to_cents(880.0, 440.0)
    tensor(1200.)
    """
    return 100.0 * semitones(frequency, reference)


def hz_to_mel(frequency: Tensor | float) -> Tensor:
    r"""Convert a frequency to mel, ``2595 log10(1 + frequency / 700)``: equal steps sound about equally far apart.

    Args:
        frequency: frequency in Hz, any shape, at least 0.

    Returns:
        Pitch in mel, the same shape; 0 Hz is 0 mel, 1000 Hz very nearly 1000 mel.

    Raises:
        ValueError: if a frequency is negative or not finite.

    Source: O'Shaughnessy (1987), Speech Communication: Human and Machine. This is librosa's ``htk=True``.
    Chapter: gradients/filter-cutoff.

    >>> hz_to_mel(torch.tensor([0.0, 700.0]))
    tensor([  0.0000, 781.1728])
    """
    frequency = checks.non_negative(checks.floating(frequency, "frequency"), "frequency", unit="Hz")
    return (2595.0 / math.log(10.0)) * torch.log1p(frequency / 700.0)


def mel_to_hz(mel: Tensor | float) -> Tensor:
    r"""Convert mel to a frequency, ``700 (10^(mel / 2595) - 1)``; undoes :func:`hz_to_mel`.

    Args:
        mel: pitch in mel, any shape, at least 0.

    Returns:
        Frequency in Hz, the same shape.

    Raises:
        ValueError: if a pitch is negative or not finite.

    Source: O'Shaughnessy (1987), Speech Communication: Human and Machine.
    Chapter: gradients/filter-cutoff.

    >>> mel_to_hz(torch.tensor([0.0, 2595.0]))
    tensor([   0., 6300.])
    """
    mel = checks.non_negative(checks.floating(mel, "mel"), "mel", unit="mel")
    return 700.0 * torch.expm1(mel * (math.log(10.0) / 2595.0))


def hz_to_erb(frequency: Tensor | float) -> Tensor:
    r"""Convert a frequency to the ERB-rate scale, ``21.4 log10(1 + 0.00437 frequency)``.

    A step of 1 is the width of one auditory filter, as :func:`erb_width` gives it in Hz.

    Args:
        frequency: frequency in Hz, any shape, at least 0.

    Returns:
        Number of equivalent rectangular bandwidths below the frequency (Cams), the same shape; 0 Hz is 0.

    Raises:
        ValueError: if a frequency is negative or not finite.

    Source: Glasberg and Moore (1990), Derivation of auditory filter shapes from notched-noise data.
    Chapter: gradients/filter-cutoff.

    >>> hz_to_erb(torch.tensor([0.0, 1000.0]))
    tensor([ 0.0000, 15.6214])
    """
    frequency = checks.non_negative(checks.floating(frequency, "frequency"), "frequency", unit="Hz")
    return (21.4 / math.log(10.0)) * torch.log1p(0.00437 * frequency)


def erb_to_hz(erb: Tensor | float) -> Tensor:
    r"""Convert the ERB-rate scale to a frequency, ``(10^(erb / 21.4) - 1) / 0.00437``; undoes :func:`hz_to_erb`.

    Args:
        erb: number of equivalent rectangular bandwidths (Cams), any shape, at least 0.

    Returns:
        Frequency in Hz, the same shape.

    Raises:
        ValueError: if a number is negative or not finite.

    Source: Glasberg and Moore (1990), Derivation of auditory filter shapes from notched-noise data.
    Chapter: gradients/filter-cutoff.

    >>> erb_to_hz(torch.tensor([0.0, 21.4]))
    tensor([   0.0000, 2059.4966])
    """
    erb = checks.non_negative(checks.floating(erb, "erb"), "erb")
    return torch.expm1(erb * (math.log(10.0) / 21.4)) / 0.00437


def erb_width(frequency: Tensor | float) -> Tensor:
    r"""Find the equivalent rectangular bandwidth of the ear's filter, ``24.7 (0.00437 frequency + 1)``.

    Args:
        frequency: centre frequency in Hz, any shape, at least 0.

    Returns:
        Bandwidth in Hz, the same shape.

    Raises:
        ValueError: if a frequency is negative or not finite.

    Source: Glasberg and Moore (1990), Derivation of auditory filter shapes from notched-noise data.
    Chapter: gradients/filter-cutoff.

    >>> erb_width(torch.tensor([0.0, 1000.0]))
    tensor([ 24.7000, 132.6390])
    """
    frequency = checks.non_negative(checks.floating(frequency, "frequency"), "frequency", unit="Hz")
    return 24.7 * (0.00437 * frequency + 1.0)
