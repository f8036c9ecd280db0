package straddle.machines.embedded;

import java.util.Objects;

/// One workload of the embedded guest, as its image's phase table lists it.
///
/// @param id by which guest and host name it: 0 to 0xffffff
/// @param ring the privilege level that it spends its time in: 0 or 3
/// @param defaultOps how often it repeats its operation unless the host says otherwise
/// @param insnsPerOp guest instructions of one operation, nearly; 0 when unknown
/// @param expected the checksum it reports when all went well
/// @param name as shown in reports
public record Phase(
        int id, int ring, Kind kind, int defaultOps, long insnsPerOp, long expected, String name) {

    /// What a phase exercises.
    public enum Kind {
        INTEGER,
        FLOATING_POINT,
        MEMORY,
        SYSTEM
    }

    public Phase {
        Objects.requireNonNull(kind);
        Objects.requireNonNull(name);
    }

    /// Whether the host can call it in the user blob: ring-3 code that needs no kernel.
    public boolean runsNatively() {
        return ring == 3 && kind != Kind.SYSTEM;
    }
}
