package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.core.arch.x86.Segment;

/// Who may access which page: each combination of the privilege level, the rights that two levels of the tables give, and
/// CR0.WP, CR4.SMEP, CR4.SMAP, RFLAGS.AC and EFER.NXE, in 4-level paging. What is expected is told of the SDM's words
/// (volume 3, 5.6.1 and 5.7), not of the translator's.
class PageRightsTest {
    /// The second 2 MiB of the address space have a page table of their own.
    private static final int PAGE = 0x20_0000;

    private static final int FRAME = 0x8_0000;
    private static final int LAST_TABLE = 0x5000;
    private static final int PROGRAM = 0x1_1000;
    private static final int TASK = 0xd000;
    private static final int DATA_IN_PAGE = PAGE + 0x20;
    private static final int DESCRIPTOR_IN_PAGE = FRAME + 8;
    private static final long NO_EXECUTE = 1L << 63;

    private static final int NO_FAULT = -1;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    /// What a piece of code does to the page, one after another; UD2 is behind it, and in the page.
    enum Code {
        LOAD("488b06", Kind.LOAD),
        STORE("488906", Kind.STORE),
        LOAD_AND_STORE("488b06 488906", Kind.LOAD, Kind.STORE),
        STORE_AND_LOAD("488906 488b06", Kind.STORE, Kind.LOAD),
        JUMP("ffe7", Kind.FETCH),
        /// A segment's load looks at its descriptor with a supervisor's rights, whatever the level.
        DESCRIPTOR("8ec0", Kind.IMPLICIT_LOAD);

        private final String code;
        private final Kind first;
        private final Kind last;

        Code(String code, Kind only) {
            this(code, only, only);
        }

        Code(String code, Kind first, Kind last) {
            this.code = code;
            this.first = first;
            this.last = last;
        }
    }

    enum Kind {
        LOAD,
        STORE,
        FETCH,
        IMPLICIT_LOAD
    }

    /// What an access meets.
    record Setting(
            boolean user,
            boolean directoryUser,
            boolean directoryWritable,
            boolean directoryNoExecute,
            boolean tableUser,
            boolean tableWritable,
            boolean tableNoExecute,
            boolean wp,
            boolean smep,
            boolean smap,
            boolean ac,
            boolean nxe) {
        static List<Setting> all() {
            List<Setting> all = new ArrayList<>();
            for (int n = 0; n < 1 << 12; n++) {
                boolean[] bit = new boolean[12];
                for (int i = 0; i < bit.length; i++) {
                    bit[i] = (n >>> i & 1) != 0;
                }
                all.add(
                        new Setting(
                                bit[0], bit[1], bit[2], bit[3], bit[4], bit[5], bit[6], bit[7],
                                bit[8], bit[9], bit[10], bit[11]));
            }
            return all;
        }

        /// The page fault's error code, or [#NO_FAULT].
        int expected(Kind access) {
            boolean asUser = user && access != Kind.IMPLICIT_LOAD;
            boolean fetch = access == Kind.FETCH;
            int error =
                    (access == Kind.STORE ? ERROR_WRITE : 0)
                            | (asUser ? ERROR_USER : 0)
                            | (fetch && (nxe || smep) ? ERROR_FETCH : 0);
            boolean noExecute = directoryNoExecute || tableNoExecute;
            if (noExecute && !nxe) {
                return error | ERROR_PRESENT | ERROR_RESERVED;
            }
            boolean allowed = asUser ? allowsUser(access) : allowsSupervisor(access);
            return allowed ? NO_FAULT : error | ERROR_PRESENT;
        }

        private boolean isUserAddress() {
            return directoryUser && tableUser;
        }

        private boolean isWritable() {
            return directoryWritable && tableWritable;
        }

        private boolean isExecutable() {
            return !directoryNoExecute && !tableNoExecute;
        }

        private boolean allowsUser(Kind access) {
            return switch (access) {
                case LOAD, IMPLICIT_LOAD -> isUserAddress();
                case STORE -> isUserAddress() && isWritable();
                case FETCH -> isUserAddress() && isExecutable();
            };
        }

        private boolean allowsSupervisor(Kind access) {
            boolean data = !isUserAddress() || !smap || ac && access != Kind.IMPLICIT_LOAD;
            return switch (access) {
                case LOAD, IMPLICIT_LOAD -> data;
                case STORE -> data && (!wp || isWritable());
                case FETCH -> isExecutable() && (!isUserAddress() || !smep);
            };
        }
    }

    private void prepare(Tier tier, String code) {
        snippet.use(tier);
        snippet.letUserIn();
        snippet.map(PROGRAM, PROGRAM | PRESENT | WRITABLE | USER);
        snippet.put(Snippet.CODE, code + "0f0b");
        snippet.put(PROGRAM, code + "0f0b");
        snippet.put(FRAME, "0f0b");
        snippet.putLong(DESCRIPTOR_IN_PAGE, 0x00cf_f300_0000_ffffL);
        snippet.putLong(TASK + 4, STACK);
        snippet.state.tr.set(0x40, TASK, 0x67, Segment.P | 0xb);
        snippet.state.ldtr.set(0x50, PAGE, 0xf, Segment.P | 2);
    }

    private static long entry(boolean user, boolean writable, boolean noExecute) {
        return PRESENT
                | (user ? USER : 0)
                | (writable ? WRITABLE : 0)
                | (noExecute ? NO_EXECUTE : 0);
    }

    private static long with(long value, long bit, boolean wanted) {
        return wanted ? value | bit : value & ~bit;
    }

    /// What comes of the code: a page fault's error code, or [#NO_FAULT] if it met a UD2.
    private String run(Setting in) {
        snippet.putLong(
                DIRECTORY + 8,
                LAST_TABLE | entry(in.directoryUser, in.directoryWritable, in.directoryNoExecute));
        snippet.putLong(
                LAST_TABLE, FRAME | entry(in.tableUser, in.tableWritable, in.tableNoExecute));
        var state = snippet.state;
        state.cr0 = with(state.cr0, CR0_WP, in.wp);
        state.cr4 = with(with(state.cr4, CR4_SMEP, in.smep), CR4_SMAP, in.smap);
        state.efer = with(state.efer, EFER_NXE, in.nxe);
        state.rflags = with(RFLAGS_FIXED, RFLAGS_AC, in.ac);
        int rights = Segment.P | Segment.S | Segment.G | (in.user ? 3 << Segment.DPL_SHIFT : 0);
        state.segments[CS].set(in.user ? 0x33 : 8, 0, -1, rights | Segment.L | 0xb);
        state.segments[SS].set(in.user ? 0x2b : 0, 0, -1, rights | Segment.DB | 3);
        state.gpr[RAX] = 8 | 4 | 3; // of the LDT
        state.gpr[RSI] = DATA_IN_PAGE;
        state.gpr[RDI] = PAGE;
        state.gpr[RSP] = STACK;
        int vector = snippet.runAt(in.user ? PROGRAM : Snippet.CODE);
        return switch (vector) {
            case UD -> String.valueOf(NO_FAULT);
            case PF -> String.valueOf(snippet.stack(0));
            default -> "vector " + vector;
        };
    }

    static Stream<Arguments> everyCodeInEveryTier() {
        return Arrays.stream(Tier.values())
                .flatMap(
                        tier -> Arrays.stream(Code.values()).map(code -> Arguments.of(tier, code)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("everyCodeInEveryTier")
    void pagesGiveTheRightsThatTheManualSays(Tier tier, Code code) {
        prepare(tier, code.code);
        List<String> wrong = new ArrayList<>();
        for (Setting each : Setting.all()) {
            int first = each.expected(code.first);
            int expected = first == NO_FAULT ? each.expected(code.last) : first;
            String found = run(each);
            if (!found.equals(String.valueOf(expected))) {
                wrong.add(each + " gives " + found + " and not " + expected);
            }
        }
        assertEquals(List.of(), wrong);
    }

    /// What was read with AC set is not remembered for later.
    @ParameterizedTest
    @EnumSource
    void aSupervisorsRightsToUserPagesComeAndGoWithAc(Tier tier) {
        prepare(tier, "0f01cb 488b06 488906 0f01ca 488b06"); // stac, load, store, clac, load
        for (Setting each : Setting.all()) {
            if (each.user || each.expected(Kind.STORE) != NO_FAULT) {
                continue;
            }
            boolean faults = each.smap && each.directoryUser && each.tableUser;
            String expected = String.valueOf(faults ? ERROR_PRESENT : NO_FAULT);
            assertEquals(expected, run(each), each::toString);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"MACHINE_CODE"})
    void theCodeIsCompiledMeanwhile(Tier tier) {
        prepare(tier, Code.LOAD_AND_STORE.code);
        Setting.all().forEach(this::run);
        assertNotEquals(0, snippet.cpu.machine.retired());
    }
}
