package straddle.tcg.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.memory.HostCode;
import straddle.tcg.mmu.Raw;
import straddle.tcg.op.Arith;
import straddle.tcg.op.Flags;

class EagerFlagsTest {
    private static final long SEED = 20261122;
    private static final int ROUNDS = 20_000;
    private static final long[] EDGES = {0, 1, -1, 0xf, 0x10, 63, Long.MIN_VALUE, Long.MAX_VALUE};

    /// A function that calls the routine, with the frame's place in RDX.
    private static byte[] function(long at) {
        Assembler asm = new Assembler(at);
        asm.push(Assembler.RBP);
        asm.move(Assembler.RBP, Assembler.RDX);
        int call = asm.call();
        asm.pop(Assembler.RBP);
        asm.ret();
        asm.patchHere(call);
        EagerFlags.write(asm);
        return asm.bytes();
    }

    private static long any(SplittableRandom random) {
        return random.nextBoolean() ? random.nextLong() : EDGES[random.nextInt(EDGES.length)];
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void theRoutineSaysWhatTheInterpreterSays(int kind) {
        Optional<HostCode> found = HostCode.ofHost();
        assumeTrue(found.isPresent(), "This host has no machine code of ours");
        HostCode host = found.orElseThrow();
        SplittableRandom random = new SplittableRandom(SEED);
        try (Arena arena = Arena.ofConfined()) {
            long code = host.allocate(4096, arena);
            byte[] bytes = function(code);
            for (int i = 0; i < bytes.length; i++) {
                Raw.putByte(code + i, bytes[i]);
            }
            MemorySegment function = MemorySegment.ofAddress(code);
            MemorySegment none = MemorySegment.ofArray(new long[0]);
            long frame = arena.allocate(Frame.BYTES).address() + Frame.BIAS;
            for (int i = 0; i < ROUNDS; i++) {
                long result = any(random);
                long a = any(random);
                boolean isShift = kind >= Flags.SHL && kind <= Flags.SAR;
                long b = isShift ? random.nextInt(64) : random.nextInt(4) == 0 ? a : any(random);
                Raw.putInt(frame + Frame.FLAG_KIND, kind);
                Raw.putLong(frame + Frame.FLAG_RESULT, result);
                Raw.putLong(frame + Frame.FLAG_A, a);
                Raw.putLong(frame + Frame.FLAG_B, b);
                assertEquals(
                        Arith.eager(kind, result, a, b),
                        host.call(function, none, none, frame),
                        () ->
                                "kind %d, result %x, a %x, b %x, seed %d"
                                        .formatted(kind, result, a, b, SEED));
            }
        }
    }
}
