package straddle.launcher;

import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/// Makes the objects behind picocli's annotations; commands get their surroundings by constructor.
final class Commands implements IFactory {
    private final Surroundings surroundings;

    Commands(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public <K> K create(Class<K> type) throws Exception {
        if (type == RunCommand.class) {
            return type.cast(new RunCommand(surroundings));
        }
        if (type == DemoCommand.class) {
            return type.cast(new DemoCommand(surroundings));
        }
        if (type == CompareCommand.class) {
            return type.cast(new CompareCommand(surroundings));
        }
        if (type == DisasmCommand.class) {
            return type.cast(new DisasmCommand(surroundings));
        }
        if (type == FetchCommand.class) {
            return type.cast(new FetchCommand(surroundings));
        }
        if (type == AccelCommand.class) {
            return type.cast(new AccelCommand(surroundings));
        }
        if (type == UserCommand.class) {
            return type.cast(new UserCommand(surroundings));
        }
        if (type == TrainCommand.class) {
            return type.cast(new TrainCommand(surroundings));
        }
        return CommandLine.defaultFactory().create(type);
    }
}
