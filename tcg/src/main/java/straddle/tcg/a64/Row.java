package straddle.tcg.a64;

import java.util.List;

/// An instruction as a row of the manual's encoding tables.
public sealed interface Row
        permits DataImmediate, Control, LoadStore, DataRegister, ScalarFloat, Simd {
    String name();

    /// Its encodings, made anew.
    List<Pattern> patterns();
}
