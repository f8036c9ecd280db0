package straddle.launcher;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import straddle.launcher.debian.DebianGuest;
import straddle.launcher.report.Figures;
import straddle.launcher.report.Table;

/// `straddle fetch`: a guest into the cache.
@Command(
        name = "fetch",
        mixinStandardHelpOptions = true,
        header = "Fetches a guest into the cache, so that 'run' can start it.",
        descriptionHeading = "%n",
        description = {
            "debian is the kernel of Debian's cloud images with its statically linked busybox. Both come with",
            "apt-get from the sources that this host has configured, or from deb.debian.org where it is no",
            "Debian; apt verifies them. Nothing is installed, and root is not needed. The cache is",
            "straddle/guests in $XDG_CACHE_HOME or ~/.cache."
        },
        parameterListHeading = "%nGuest:%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle fetch debian             'straddle run debian' does the same on first use",
            "  straddle fetch debian --newer     look for newer packages",
            "  straddle fetch debian --arch arm64"
        })
final class FetchCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Parameters(paramLabel = "GUEST", description = "debian")
    private String guest;

    @Option(
            names = "--arch",
            paramLabel = "NAME",
            defaultValue = "amd64",
            description =
                    "Debian's name of the architecture: amd64, arm64, armhf, i386, mips64el, mipsel, ppc64el, s390x. Default: amd64.")
    private String architecture;

    @Option(names = "--newer", description = "Look for newer packages, if the guest is there.")
    private boolean newer;

    FetchCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailure {
        DebianGuest fetched = new NamedGuests(surroundings).fetch(guest, architecture, newer);
        PrintStream out = surroundings.out();
        Table table = Table.of(Table.left("file"), Table.right("size"), Table.left("of"));
        table.row(
                fetched.kernel().getFileName().toString(),
                Figures.bytes(fetched.kernel().toFile().length()),
                fetched.packages().getFirst());
        table.row(
                fetched.initrd().getFileName().toString(),
                Figures.bytes(fetched.initrd().toFile().length()),
                fetched.packages().getLast());
        table.print(out, surroundings.colour());
        out.println();
        out.println("They are in " + fetched.directory());
        return ExitCodes.OK;
    }
}
