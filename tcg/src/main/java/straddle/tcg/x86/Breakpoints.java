package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.tcg.Cpu;

/// The four breakpoints that DR7 enables, on instructions, data and ports (SDM volume 3, 19.2).
final class Breakpoints {
    private static final int EXECUTE = 0;
    private static final int WRITE = 1;
    private static final int IO = 2;
    private static final int COUNT = 4;

    private final long[] address = new long[COUNT];
    private final int[] length = new int[COUNT];
    private final int[] kind = new int[COUNT];
    private int enabled;
    private boolean onCode;
    private boolean onData;
    private boolean onPorts;

    /// Takes in DR0 to DR3 and DR7.
    void update(long[] dr, boolean portsCount) {
        long control = dr[7];
        enabled = 0;
        onCode = false;
        onData = false;
        onPorts = false;
        for (int i = 0; i < COUNT; i++) {
            if ((control >>> 2 * i & 3) == 0) {
                continue;
            }
            kind[i] = (int) (control >>> 16 + 4 * i) & 3;
            int code = (int) (control >>> 18 + 4 * i) & 3;
            length[i] = code == 2 ? 8 : code + 1;
            address[i] = kind[i] == EXECUTE ? dr[i] : dr[i] & -length[i];
            if (kind[i] == IO && !portsCount) {
                continue;
            }
            enabled |= 1 << i;
            onCode |= kind[i] == EXECUTE;
            onPorts |= kind[i] == IO;
            onData |= kind[i] != EXECUTE && kind[i] != IO;
        }
    }

    boolean onCode() {
        return onCode;
    }

    boolean onData() {
        return onData;
    }

    /// DR6's bits for an instruction at a linear address.
    long atCode(long linear) {
        long hits = 0;
        for (int i = 0; onCode && i < COUNT; i++) {
            hits |= isSet(i) && kind[i] == EXECUTE && address[i] == linear ? 1L << i : 0;
        }
        return hits;
    }

    /// DR6's bits for an access to memory.
    long atData(long linear, int width, int access) {
        long hits = 0;
        for (int i = 0; i < COUNT; i++) {
            boolean counts = kind[i] == WRITE ? access == Cpu.STORE : kind[i] > IO;
            hits |= isSet(i) && counts && overlaps(i, linear, width) ? 1L << i : 0;
        }
        return hits;
    }

    /// DR6's bits for an access to ports.
    long atPort(int port, int width) {
        long hits = 0;
        for (int i = 0; onPorts && i < COUNT; i++) {
            hits |= isSet(i) && kind[i] == IO && overlaps(i, port, width) ? 1L << i : 0;
        }
        return hits;
    }

    /// Whether a breakpoint on data lies in a page.
    boolean watchesPage(long page) {
        for (int i = 0; i < COUNT; i++) {
            if (isSet(i) && kind[i] != EXECUTE && kind[i] != IO && (address[i] & -4096) == page) {
                return true;
            }
        }
        return false;
    }

    private boolean isSet(int i) {
        return (enabled & 1 << i) != 0;
    }

    private boolean overlaps(int i, long at, int width) {
        return at - address[i] < length[i] && address[i] - at < width;
    }
}
