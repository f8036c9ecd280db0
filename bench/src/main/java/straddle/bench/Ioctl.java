package straddle.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import straddle.host.Descriptor;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;

/// What a system call costs through FFM: the cheapest request of `/dev/kvm`.
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Ioctl {
    private static final int COUNT = 1000;
    private static final long REQUEST = Kvm.KVM_GET_API_VERSION();

    private Descriptor kvm;
    private Yardsticks yardsticks;

    /// For JMH.
    public Ioctl() {}

    @Setup
    public void open() throws HostException {
        kvm = Descriptor.open("/dev/kvm");
        yardsticks = Yardsticks.load();
    }

    @TearDown
    public void close() {
        kvm.close();
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public int java() {
        int sum = 0;
        for (int i = 0; i < COUNT; i++) {
            sum += kvm.ioctl(REQUEST, 0);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public void c() {
        yardsticks.ioctls(kvm.number(), REQUEST, 0, COUNT);
    }
}
