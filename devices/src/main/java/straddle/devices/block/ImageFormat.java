package straddle.devices.block;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Formats of disk images, by what they begin with. One that is none of the others is raw.
public enum ImageFormat {
    QCOW2("qcow2", 0, "QFI\u00fb"),
    VMDK("vmdk", 0, "KDMV"),
    VHDX("vhdx", 0, "vhdxfile"),
    VHD("vpc", 0, "conectix"),
    VDI("vdi", 64, "\u007f\u0010\u00da\u00be"),
    RAW("raw", 0, "");

    private final String qemuName;
    private final int offset;
    private final String magic;

    ImageFormat(String qemuName, int offset, String magic) {
        this.qemuName = qemuName;
        this.offset = offset;
        this.magic = magic;
    }

    /// As `qemu-img convert -f` has it.
    public String qemuName() {
        return qemuName;
    }

    /// What a file looks like; a raw disk whose guest wrote another format's magic looks like that.
    public static ImageFormat of(BlockBackend file) {
        byte[] begin = new byte[BlockBackend.SECTOR_BYTES];
        return file.read(0, MemorySegment.ofArray(begin)).isOk()
                ? Arrays.stream(values()).filter(each -> each.fits(begin)).findFirst().orElse(RAW)
                : RAW;
    }

    private boolean fits(byte[] begin) {
        return new String(begin, offset, magic.length(), StandardCharsets.ISO_8859_1).equals(magic);
    }
}
