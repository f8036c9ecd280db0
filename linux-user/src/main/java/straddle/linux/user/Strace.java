package straddle.linux.user;

import java.nio.charset.StandardCharsets;
import straddle.core.user.BadAddressException;

/// A line for a call: its name, its arguments as their kinds are, and its result.
final class Strace {
    private static final int MOST_TEXT = 80;

    private final GuestThread thread;
    private final StringBuilder line;

    Strace(GuestThread t, SystemCall call, long[] arguments) {
        thread = t;
        line = new StringBuilder(call.linuxName()).append('(');
        String letters = call.arguments();
        for (int i = 0; i < letters.length(); i++) {
            line.append(i == 0 ? "" : ", ").append(text(letters.charAt(i), arguments[i]));
        }
        line.append(')');
    }

    private String text(char letter, long value) {
        return switch (letter) {
            case 'f' -> value == Paths.AT_FDCWD ? "AT_FDCWD" : Long.toString(value);
            case 'd', 'i', 'l' -> Long.toString(value);
            case 'u' -> Long.toUnsignedString(value);
            case 'o' -> "0" + Long.toOctalString(value & 0xffff_ffffL);
            case 's' -> quoted(value);
            case 'p' -> value == 0 ? "NULL" : "0x" + Long.toHexString(value);
            default -> "0x" + Long.toHexString(value);
        };
    }

    private String quoted(long address) {
        if (address == 0) {
            return "NULL";
        }
        try {
            byte[] bytes = thread.memory().string(address, 4096);
            if (bytes == null) {
                return "0x" + Long.toHexString(address);
            }
            String text = new String(bytes, StandardCharsets.UTF_8);
            String shown =
                    text.length() > MOST_TEXT
                            ? text.substring(0, MOST_TEXT) + "\"..."
                            : text + "\"";
            return "\"" + shown.replace("\n", "\\n");
        } catch (BadAddressException _) {
            return "0x" + Long.toHexString(address);
        }
    }

    void print(long result) {
        String text =
                result == -Errno.NO_RESULT
                        ? "?"
                        : result <= -Errno.ERESTART && result >= -Errno.ERESTARTNOHAND
                                ? "? (interrupted)"
                                : GuestAbi.isError(result)
                                        ? "-" + Errno.name((int) -result)
                                        : result > 0xffff || result < 0
                                                ? "0x" + Long.toHexString(result)
                                                : Long.toString(result);
        thread.kernel().trace(thread, line + " = " + text);
    }
}
