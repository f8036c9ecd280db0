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
        if (type == AccelCommand.class) {
            return type.cast(new AccelCommand(surroundings));
        }
        if (type == TrainCommand.class) {
            return type.cast(new TrainCommand(surroundings));
        }
        return CommandLine.defaultFactory().create(type);
    }
}
