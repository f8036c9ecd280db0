package straddle.linux.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.core.user.UserIsa;

class GuestAbiTest {
    @ParameterizedTest
    @CsvSource({"X86_64, 0", "I386, 3", "AARCH64, 63", "ARM, 3", "MIPS, 4003", "MIPSEL, 4003"})
    void callsHaveTheirArchitecturesNumbers(UserIsa isa, int read) {
        assertSame(SystemCall.READ, GuestAbi.of(isa).call(read));
    }

    @ParameterizedTest
    @EnumSource(UserIsa.class)
    void flagsOfOpenComeBackAsTheyWent(UserIsa isa) {
        GuestAbi abi = GuestAbi.of(isa);
        int[] hosts = {0, 01, 02, 0100, 01000, 02000, 04000, 010000, 04010000, 0200000, 02000000};
        for (int host : hosts) {
            assertEquals(host, abi.openFlagsToHost(abi.openFlagsToGuest(host)));
        }
    }

    @ParameterizedTest
    @EnumSource(UserIsa.class)
    void signalsComeBackAsTheyWent(UserIsa isa) {
        GuestAbi abi = GuestAbi.of(isa);
        for (int signal = 1; signal <= 31; signal++) {
            if (signal != 16) { // SIGSTKFLT is x86's and ARM's alone
                assertEquals(signal, abi.signalToHost(abi.signalToGuest(signal)));
            }
        }
    }

    @Test
    void mipsNumbersItsErrorsAndSignalsOtherwise() {
        GuestAbi mips = GuestAbi.of(UserIsa.MIPS);
        assertEquals(89, mips.errnoToGuest(Errno.ENOSYS));
        assertEquals(145, mips.errnoToGuest(Errno.ETIMEDOUT));
        assertEquals(18, mips.signalToGuest(Signal.SIGCHLD));
        assertEquals(2, mips.errnoToGuest(Errno.ENOENT));
    }

    @ParameterizedTest
    @CsvSource({
        "X86_64, 144, 24, 48",
        "AARCH64, 128, 16, 48",
        "ARM, 104, 16, 48",
        "I386, 96, 16, 44",
        "MIPS, 104, 24, 56"
    })
    void statHasItsArchitecturesLayout(UserIsa isa, int bytes, int mode, int size) {
        GuestAbi abi = GuestAbi.of(isa);
        FileStatus status =
                new FileStatus(1, 2, 0100644, 1, 3, 4, 0, 12_345, 4096, 24, new long[6]);
        ByteBuffer b = abi.buffer(abi.stat(status));
        assertEquals(bytes, b.capacity());
        assertEquals(0100644, b.getInt(mode));
        assertEquals(12_345, b.getLong(size));
    }
}
