package straddle.launcher.debian;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class KernelModulesTest {
    private static final String DIRECTORY = "lib/modules/6.1-test/kernel/drivers/";

    private static byte[] module(String... information) {
        return ("\177ELF\0" + String.join("\0", information) + "\0")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] packed(byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (XZOutputStream out = new XZOutputStream(bytes, new LZMA2Options(0))) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    @Test
    void aModuleComesWithAllThatItNeeds() throws IOException {
        KernelModules modules = new KernelModules();
        modules.add(DIRECTORY + "ring.ko", module("depends=base"));
        modules.add(DIRECTORY + "base.ko.xz", packed(module("depends=")));
        modules.add(DIRECTORY + "virtio-pci.ko", module("depends=ring,base", "alias=pci:v1AF4*"));
        modules.add(DIRECTORY + "other.ko", module("depends="));
        Initrd initrd = new Initrd();
        modules.install(List.of("virtio_pci", "lacking"), initrd);

        Map<String, String> entries = InitrdTest.entries(initrd.bytes());
        String place = "lib/modules/6.1-test/";
        assertTrue(entries.get(place + "base.ko").contains("ELF"));
        assertFalse(entries.containsKey(place + "other.ko"));
        assertEquals(
                "100644 base.ko:\nring.ko: base.ko\nvirtio_pci.ko: ring.ko base.ko\n",
                entries.get(place + "modules.dep"));
        assertEquals("100644 alias pci:v1AF4* virtio_pci\n", entries.get(place + "modules.alias"));
    }

    @Test
    void modulesThatNeedOneAnotherEndTheSearch() throws IOException {
        KernelModules modules = new KernelModules();
        modules.add(DIRECTORY + "one.ko", module("depends=two"));
        modules.add(DIRECTORY + "two.ko", module("depends=one"));
        Initrd initrd = new Initrd();
        modules.install(List.of("one"), initrd);

        assertTrue(InitrdTest.entries(initrd.bytes()).containsKey("lib/modules/6.1-test/two.ko"));
    }

    @Test
    void otherFilesOfAPackageAreNoModules() throws IOException {
        assertFalse(new KernelModules().add("boot/config-6.1", new byte[0]));
    }
}
