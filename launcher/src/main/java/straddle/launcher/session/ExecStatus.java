package straddle.launcher.session;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import straddle.devices.ByteSink;

/// What the guest's first program says about how the command ended: a line `exit N`.
public final class ExecStatus implements ByteSink {
    private static final Pattern EXIT = Pattern.compile("exit (\\d{1,3})\\r?\\n");
    private static final int LONGEST = 16;

    private final StringBuilder line = new StringBuilder();
    private final Runnable onEnd;
    private volatile int code = -1;

    /// @param onEnd called once the line is complete
    public ExecStatus(Runnable onEnd) {
        this.onEnd = onEnd;
    }

    @Override
    public void write(int b) {
        if (line.length() < LONGEST && code < 0) {
            line.append((char) b);
            Matcher matcher = EXIT.matcher(line);
            if (matcher.matches()) {
                code = Integer.parseInt(matcher.group(1)) & 0xff;
                onEnd.run();
            }
        }
    }

    /// The command's exit code, 0 to 255, if it has ended. Any thread.
    public OptionalInt code() {
        return code < 0 ? OptionalInt.empty() : OptionalInt.of(code);
    }
}
