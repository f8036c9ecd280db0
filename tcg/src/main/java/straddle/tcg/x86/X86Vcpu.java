package straddle.tcg.x86;

import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.observe.ExitObserver;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Rehearsal;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.UserCodeTaker;
import straddle.core.vcpu.UserState;
import straddle.tcg.Cpu;
import straddle.tcg.Sampler;

/// An x86 vCPU that is interpreted and translated.
///
/// Engines that follow each other may have one each of the same processor. It is at the service of the one that was made first, then
/// of the one that last loaded a state; figures tell of that time alone.
public final class X86Vcpu implements TranslatedVcpu {
    private final int id;
    private final X86Cpu cpu;
    private final Sampler sampler;
    private final Runnable onClose;
    private UserCodeTaker taker;
    private ExitObserver observer;

    /// What the processor had done when it was taken over from another vCPU.
    private Statistics before = new Statistics();

    private long retiredBefore;

    /// What it had done when another vCPU took it over; null before.
    private Statistics done;

    private long retired;

    public X86Vcpu(int id, X86Cpu cpu, Sampler sampler, Runnable onClose) {
        this.id = id;
        this.cpu = cpu;
        this.sampler = sampler;
        this.onClose = onClose;
        if (cpu.vcpu == null) {
            cpu.vcpu = this;
        }
    }

    private boolean hasCpu() {
        return cpu.vcpu == this;
    }

    /// Takes the processor over from another engine's vCPU.
    private void takeCpu() {
        cpu.vcpu.giveCpu();
        cpu.vcpu = this;
        before = new Statistics();
        cpu.statistics(before, sampler);
        if (done != null) {
            before = before.minus(done); // back from one that could not go on with it
            done = null;
        }
        retiredBefore = cpu.retiredInstructions() - retired;
        cpu.offerUserCode(taker);
        if (observer != null) {
            cpu.observe(id, observer);
        }
    }

    private void giveCpu() {
        retired = retiredInstructions();
        done = figures();
    }

    private Statistics figures() {
        Statistics all = new Statistics();
        cpu.statistics(all, sampler);
        return all.minus(before);
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public Exit run() {
        cpu.run();
        boolean asleepForGood = cpu.exit == Exit.Halt.HALT && !cpu.flag(X86.RFLAGS_IF);
        return asleepForGood ? Exit.Halt.MASKED : cpu.exit;
    }

    @Override
    public Exit step() {
        // Nobody has watched the code meanwhile: what an earlier step translated may be another
        // instruction now.
        cpu.tbs.clear();
        cpu.step();
        boolean goesOn = cpu.exit == Exit.Kicked.KICKED;
        return goesOn ? null : cpu.exit;
    }

    @Override
    public void offerUserCode(UserCodeTaker by) {
        taker = by;
        if (hasCpu()) {
            cpu.offerUserCode(by);
        }
    }

    @Override
    public boolean isAtUserCode() {
        return cpu.isAtUserCode();
    }

    @Override
    public void saveUser(UserState to) {
        cpu.saveUser(to);
    }

    @Override
    public void loadUser(UserState from) {
        cpu.loadUser(from);
    }

    @Override
    public void saveExtended(X86State to) {
        cpu.saveExtended(to);
    }

    @Override
    public void loadExtended(X86State from) {
        cpu.loadExtended(from);
    }

    @Override
    public void leaveExtended(Runnable bring) {
        cpu.leaveExtended(bring);
    }

    @Override
    public Rehearsal rehearsal() {
        return cpu.rehearsal();
    }

    @Override
    public long addressSpace() {
        return cpu.addressSpace();
    }

    @Override
    public int descriptors(boolean local, long[] to) {
        return cpu.descriptors(local, to);
    }

    @Override
    public boolean touch(long linear, boolean write, boolean fetch) {
        return cpu.touch(linear, write, fetch);
    }

    @Override
    public void raisePageFault(long linear, boolean write, boolean fetch) {
        cpu.raisePageFault(linear, write, fetch);
    }

    @Override
    public int[] cpuid(int leaf, int subleaf) {
        return cpu.cpuid(leaf, subleaf);
    }

    @Override
    public void kick() {
        cpu.request(Cpu.ATTENTION_KICK);
    }

    @Override
    public void interrupt() {
        cpu.request(Cpu.ATTENTION_INTERRUPT);
    }

    @Override
    public void save(X86State to) {
        cpu.save(to);
    }

    @Override
    public void load(X86State from) {
        if (!hasCpu()) {
            takeCpu();
        }
        cpu.load(from);
    }

    @Override
    public long programCounter() {
        return cpu.pc;
    }

    @Override
    public long retiredInstructions() {
        return done != null ? retired : hasCpu() ? cpu.retiredInstructions() - retiredBefore : 0;
    }

    @Override
    public void observe(ExitObserver by) {
        observer = by;
        if (hasCpu()) {
            cpu.observe(id, by);
        }
    }

    @Override
    public void statistics(Statistics to) {
        if (done != null) {
            to.addAll(done);
        } else if (hasCpu()) {
            to.addAll(figures());
        }
    }

    @Override
    public String describe(String topic) {
        return topic.equals("tlb") ? cpu.describeTlbs() : "";
    }

    @Override
    public void close() {
        VcpuSummaryEvent event = new VcpuSummaryEvent();
        if (event.isEnabled() && (hasCpu() || done != null)) {
            Statistics figures = new Statistics();
            statistics(figures);
            event.fill(id, figures);
            event.commit();
        }
        onClose.run();
    }
}
