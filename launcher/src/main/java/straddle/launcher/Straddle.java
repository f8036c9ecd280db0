package straddle.launcher;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line without a sub-command: help and version.
@Command(
        name = "straddle",
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            UserCommand.class,
            FetchCommand.class,
            CompareCommand.class,
            AccelCommand.class,
            DisasmCommand.class,
            CompletionCommand.class,
            TrainCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        header = "A hybrid virtualizer: guest code runs natively through KVM, translated, or both.",
        descriptionHeading = "%n",
        description = {
            "Start with 'straddle demo': it boots a small guest of its own in each mode that works here and",
            "compares them with the bare processor."
        },
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            " 0:it worked",
            " N:'run' and 'user' pass the guest's own exit code on, 0 to 255",
            " 1:the guest's results are wrong (demo, compare)",
            " 2:the command line, or a file that it names, is wrong",
            " 3:this host lacks or refuses something: KVM, memory, a permission",
            " 4:the guest failed: a triple fault, an instruction that nothing here can run",
            " 70:a mistake in Straddle itself; please report it",
            " 124:the guest did not end within --timeout",
            " 130:interrupted by Ctrl-C (143: by SIGTERM)",
            " 141:whoever read standard output went away"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle demo                     see what this host can do",
            "  straddle run debian               Debian's kernel, to a shell; fetched on first use",
            "  straddle user ./program           a Linux program for another kind of processor",
            "  straddle accel                    which modes its KVM runs natively, measured",
            "  straddle run --accel kvm          one run of the built-in guest, its serial line here",
            "  straddle COMMAND --help           a command's options, with examples"
        })
final class Straddle implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        CommandLine command = spec.commandLine();
        throw new ParameterException(command, "Say what to do: 'straddle demo' is a good start");
    }
}
