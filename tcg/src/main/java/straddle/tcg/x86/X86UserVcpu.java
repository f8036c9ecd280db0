package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.Arrays;
import java.util.Optional;
import straddle.core.arch.x86.X86State;
import straddle.core.observe.Trace;
import straddle.core.user.Access;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.user.UserVcpu;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserStateOwner;
import straddle.tcg.Cpu;
import straddle.tcg.Sampler;
import straddle.tcg.op.Flags;
import straddle.tcg.user.TcgUserTranslator;

/// An [X86Cpu] that runs a Linux program, of 64 or 32 bits.
final class X86UserVcpu implements UserVcpu, TcgUserTranslator.CpuHolder {
    private static final int FXSAVE_BYTES = 512;
    private static final Sampler NO_SAMPLER = new Sampler();

    private final UserIsa isa;
    private final X86Cpu cpu;
    private final X86Program program;

    X86UserVcpu(UserIsa isa, X86Cpu cpu, UserMemory memory) {
        this.isa = isa;
        this.cpu = cpu;
        program = new X86Program(cpu, memory);
        cpu.program = program;
        reset();
    }

    @Override
    public void reset() {
        X86State s = new X86State();
        s.gpr[RDX] = 0;
        s.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
        s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
        if (cpu.model.has(Feature.XSAVE)) {
            s.cr4 |= CR4_OSXSAVE;
            s.xcr0 = cpu.model.xcr0() & 7;
        }
        if (cpu.model.has(Feature.FSGSBASE)) {
            s.cr4 |= CR4_FSGSBASE;
        }
        s.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
        s.rflags = RFLAGS_IF | RFLAGS_FIXED;
        s.gdtLimit = X86Program.GDT_LIMIT;
        s.rip = 0;
        boolean is64 = isa.is64();
        for (int i = 0; i < s.segments.length; i++) {
            Descriptors.setFlat(
                    s.segments[i], is64 || i >= FS ? 0 : X86Program.DATA, false, 3, false);
        }
        Descriptors.setFlat(
                s.segments[CS], is64 ? X86Program.CS_64 : X86Program.CS_32, true, 3, is64);
        Descriptors.setFlat(s.segments[SS], X86Program.DATA, false, 3, false);
        cpu.load(s);
    }

    @Override
    public Cpu cpu() {
        return cpu;
    }

    @Override
    public UserIsa isa() {
        return isa;
    }

    @Override
    public UserMemory memory() {
        return program.mmu.memory();
    }

    @Override
    public void use(UserMemory memory) {
        program.mmu.use(memory);
    }

    @Override
    public void park() {
        program.mmu.use(null);
        cpu.setShared(false);
    }

    @Override
    public void setShared() {
        cpu.setShared(true);
    }

    @Override
    public UserStop run() {
        return program.run();
    }

    @Override
    public void kick() {
        program.kick();
    }

    @Override
    public void trace(Trace by, int thread) {
        cpu.trace(by, thread);
    }

    @Override
    public long faultAddress() {
        return program.faultAddress();
    }

    @Override
    public Access faultAccess() {
        return program.faultAccess();
    }

    @Override
    public long register(int number) {
        return isa.is64() ? cpu.r[number] : cpu.r[number] & 0xffff_ffffL;
    }

    @Override
    public void setRegister(int number, long value) {
        cpu.r[number] = isa.is64() ? value : value & 0xffff_ffffL;
    }

    @Override
    public long pc() {
        return cpu.pc;
    }

    @Override
    public void setPc(long pc) {
        cpu.pc = isa.is64() ? pc : pc & 0xffff_ffffL;
    }

    @Override
    public void rewindSystemCall() {
        program.rewindSystemCall();
    }

    @Override
    public long status() {
        return cpu.rflags();
    }

    @Override
    public void setStatus(long status) {
        long own = Flags.ALL | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_ID;
        cpu.setRflags(status & own | RFLAGS_IF | RFLAGS_FIXED);
        cpu.updateMode();
    }

    @Override
    public long threadPointer() {
        return isa.is64() ? cpu.segments[FS].base : program.tlsBase();
    }

    @Override
    public void setThreadPointer(long address) {
        if (isa.is64()) {
            cpu.segments[FS].base = address;
        } else {
            program.setTlsBase(address);
            if (cpu.segments[GS].selector == X86Program.TLS) {
                cpu.segments[GS].base = program.tlsBase();
            }
        }
        cpu.updateMode();
    }

    @Override
    public byte[] saveFloats() {
        X86State s = new X86State();
        cpu.saveExtended(s);
        boolean extended = (cpu.cr4 & CR4_OSXSAVE) != 0;
        int bytes = extended ? XsaveLayout.withAvx().standardBytes(cpu.xcr0) : FXSAVE_BYTES;
        return Arrays.copyOf(s.xsave, bytes);
    }

    @Override
    public void loadFloats(byte[] image) {
        X86State s = new X86State();
        System.arraycopy(image, 0, s.xsave, 0, Math.min(image.length, s.xsave.length));
        if (image.length <= FXSAVE_BYTES) {
            s.xsaveBuffer().putLong(X86State.XSTATE_BV_OFFSET, 3);
        }
        cpu.loadExtended(s);
    }

    @Override
    public Optional<UserStateOwner> userState() {
        return Optional.of(cpu);
    }

    @Override
    public void copyFrom(UserVcpu other) {
        X86UserVcpu from = (X86UserVcpu) other;
        X86State s = new X86State();
        from.cpu.save(s);
        cpu.load(s);
        program.setTlsBase(from.program.tlsBase());
    }

    @Override
    public long retiredInstructions() {
        return cpu.retiredInstructions();
    }

    @Override
    public void statistics(Statistics to) {
        cpu.statistics(to, NO_SAMPLER);
    }

    @Override
    public void close() {
        cpu.leaveGroup();
    }
}
