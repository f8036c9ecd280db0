package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.accel.HostVerdict.Row;
import straddle.core.accel.HostVerdict.Section;
import straddle.host.ProcessUsage;

@Timeout(60)
class HostProbeTest {
    @TempDir Path directory;

    private static HostVerdict madeUp() {
        return new HostVerdict(
                "a processor, a kernel",
                Map.of(GuestMode.LONG_USER, 6000.0, GuestMode.REAL, 4.5),
                66.5,
                31.25,
                11.25,
                List.of(new Section("title", List.of(new Row("name", "value", "")))));
    }

    @Test
    @Tag("kvm")
    void everyModeHasASpeedAndEveryExitACost() throws Exception {
        TestVm.assumeKvm();
        HostVerdict verdict = new KvmProvider(KvmDevice.PATH, directory).probe(true).orElseThrow();
        for (GuestMode mode : GuestMode.values()) {
            assertTrue(verdict.speed(mode).orElse(0) > 0.1, mode::label);
        }
        assertTrue(verdict.isNative(GuestMode.LONG_USER), verdict::toString);
        assertTrue(verdict.userExitMicros() > 0);
        assertTrue(verdict.systemCallMicros() > 0);
        assertTrue(verdict.portExitMicros() > 0);
        assertEquals(3, verdict.sections().size());
    }

    @Test
    @Tag("kvm")
    void aSecondProbeComesFromTheCacheAndAFreshOneDoesNot() throws Exception {
        TestVm.assumeKvm();
        KvmProvider provider = new KvmProvider(KvmDevice.PATH, directory);
        HostVerdict first = provider.probe(false).orElseThrow();
        assertEquals(Optional.of(first), provider.probe(false));
        assertNotEquals(Optional.of(first), provider.probe(true));
    }

    @Test
    @Tag("kvm")
    void aProbeLeavesNothingBehind() throws Exception {
        TestVm.assumeKvm();
        KvmProvider provider = new KvmProvider(KvmDevice.PATH, directory);
        provider.probe(true);
        ProcessUsage before = ProcessUsage.now();
        provider.probe(true);
        assertEquals(before.descriptors(), ProcessUsage.now().descriptors());
    }

    @Test
    void whereThereIsNoKvmThereIsNoVerdict() throws Exception {
        assertEquals(Optional.empty(), new KvmProvider("/dev/no-kvm", directory).probe(false));
    }

    @Test
    void aVerdictIsFoundUnderItsOwnKeyOnly() {
        VerdictCache cache = new VerdictCache(directory.resolve("deep/er/verdict"));
        cache.put("key", madeUp());
        assertEquals(Optional.of(madeUp()), cache.find("key"));
        assertEquals(Optional.empty(), cache.find("another kernel"));
    }

    @Test
    void aDamagedCacheIsNoVerdict() throws Exception {
        Path file = directory.resolve("verdict");
        VerdictCache cache = new VerdictCache(file);
        cache.put("key", madeUp());
        byte[] good = Files.readAllBytes(file);
        for (int length = 0; length < good.length; length += 7) {
            Files.write(file, Arrays.copyOf(good, length));
            assertEquals(Optional.empty(), cache.find("key"));
        }
        for (int at = 0; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= 0x55;
            Files.write(file, bad);
            cache.find("key");
        }
        Files.delete(file);
        Files.createDirectory(file);
        assertEquals(Optional.empty(), cache.find("key"));
    }

    @Test
    void aCacheThatCantBeWrittenIsNoError() throws Exception {
        Path blocked = Files.writeString(directory.resolve("file"), "");
        VerdictCache cache = new VerdictCache(blocked.resolve("verdict"));
        cache.put("key", madeUp());
        assertEquals(Optional.empty(), cache.find("key"));
    }
}
