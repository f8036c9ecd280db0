package straddle.launcher.console;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import straddle.devices.ByteSink;
import straddle.launcher.session.SerialOutput;

/// A file that a guest's output replaces.
public final class FileEnd implements SerialEnd {
    private final FileOutputStream file;
    private final SerialOutput out;

    /// @param complain told once, with a sentence, when the file takes no more: the rest is lost, the guest goes on
    /// @throws IOException if the file can't be written
    public FileEnd(Path path, Consumer<String> complain) throws IOException {
        file = new FileOutputStream(path.toFile());
        out =
                new SerialOutput(
                        file::write,
                        false,
                        e ->
                                complain.accept(
                                        "The guest's output can't be written to "
                                                + path
                                                + " any more: "
                                                + e.getMessage()
                                                + "."));
    }

    @Override
    public ByteSink output() {
        return out;
    }

    @Override
    public void close() {
        out.close();
        try {
            file.close();
        } catch (IOException _) {
            // All of it was written before, or complained about.
        }
    }
}
