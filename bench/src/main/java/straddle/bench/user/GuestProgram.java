package straddle.bench.user;

import java.io.ByteArrayOutputStream;
import straddle.core.memory.RamAllocator;
import straddle.core.user.BadAddressException;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserTranslatorProvider;
import straddle.core.user.UserVcpu;

/// Runs programs that write and exit, and call the system for nothing else, in a translator.
final class GuestProgram implements AutoCloseable {
    private static final long MOST_BYTES = 256L << 20;
    private static final int WRITE = 4;
    private static final int EXIT = 1;
    private static final int WRITE_64 = 64;
    private static final int EXIT_64 = 93;
    private static final int MIPS_BASE = 4000;

    private final UserIsa isa;
    private final Frames frames = new Frames(RamAllocator.OFF_HEAP, MOST_BYTES);
    private final UserTranslator translator;
    private long retired;

    GuestProgram(UserTranslatorProvider provider, UserIsa isa) {
        this.isa = isa;
        translator = provider.create(isa, "", frames);
    }

    /// What a program writes, up to its exit. Another end is a line of text at the end of what it wrote.
    byte[] run(ProgramSource.Program program) throws BadAddressException {
        UserMemory memory = new UserMemory(isa, frames);
        long bytes = program.image().length + 4095L & -4096;
        int rights = UserMemory.READ | UserMemory.WRITE | UserMemory.EXEC;
        memory.map(program.base(), bytes, rights, false, null, 0, "");
        memory.put(program.base(), program.image());
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        try (UserVcpu vcpu = translator.newVcpu(memory)) {
            vcpu.setPc(program.base());
            vcpu.setStatus(program.status());
            while (true) {
                UserStop stop = vcpu.run();
                if (stop != UserStop.SYSTEM_CALL) {
                    String text =
                            "%s at %x, address %x%n"
                                    .formatted(stop, vcpu.pc(), vcpu.faultAddress());
                    written.writeBytes(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
                    break;
                }
                if (!serve(vcpu, memory, written)) {
                    break;
                }
            }
            retired += vcpu.retiredInstructions();
        }
        memory.clear();
        return written.toByteArray();
    }

    private boolean serve(UserVcpu vcpu, UserMemory memory, ByteArrayOutputStream written)
            throws BadAddressException {
        return switch (isa) {
            case MIPS, MIPSEL ->
                    serve(vcpu, memory, written, vcpu.register(2) - MIPS_BASE, 4, 7, 2);
            case ARM -> serve(vcpu, memory, written, vcpu.register(7), 0, -1, 0);
            case AARCH64 -> serve(vcpu, memory, written, vcpu.register(8), 0, -1, 0);
            default -> throw new IllegalArgumentException("No programs for " + isa);
        };
    }

    /// @param first register of the arguments
    /// @param failed register that is 0 after a success, or -1
    private boolean serve(
            UserVcpu vcpu,
            UserMemory memory,
            ByteArrayOutputStream written,
            long number,
            int first,
            int failed,
            int result)
            throws BadAddressException {
        if (number == (isa.is64() ? EXIT_64 : EXIT)) {
            return false;
        }
        if (number != (isa.is64() ? WRITE_64 : WRITE)) {
            throw new IllegalStateException("A program calls the system by number " + number);
        }
        int length = (int) vcpu.register(first + 2);
        written.writeBytes(memory.bytes(vcpu.register(first + 1), length));
        vcpu.setRegister(result, length);
        if (failed >= 0) {
            vcpu.setRegister(failed, 0);
        }
        return true;
    }

    /// Guest instructions of all runs.
    long retired() {
        return retired;
    }

    @Override
    public void close() {
        translator.close();
        frames.close();
    }
}
