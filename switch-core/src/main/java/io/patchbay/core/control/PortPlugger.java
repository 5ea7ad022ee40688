package io.patchbay.core.control;

import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.PortLimits;
import io.patchbay.core.control.config.SwitchConfig;
import io.patchbay.core.port.GatedPort;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.pair.Pair;
import io.patchbay.core.port.pair.PairSettings;
import io.patchbay.core.worker.Switchboard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Makes the ports that a configuration asks for and plugs them into the switch: each by itself, or two as a pair. */
final class PortPlugger {

    private final Switchboard board;
    private final Optional<Path> state;
    private final Consumer<Runnable> undo;
    private final Consumer<PluggedPort> plugged;

    /**
     * @param state where ports keep what they must know after a restart
     * @param undo gets what unplugs and closes a port again, last things last
     * @param plugged gets each port as soon as it is plugged in
     */
    PortPlugger(Switchboard board, Optional<Path> state, Consumer<Runnable> undo, Consumer<PluggedPort> plugged) {
        this.board = board;
        this.state = state;
        this.undo = undo;
        this.plugged = plugged;
    }

    void plugAll(Config config) throws PortException {
        Map<String, Config.PortConfig> byName =
                config.ports().stream().collect(Collectors.toMap(Config.PortConfig::name, Function.identity()));
        Set<String> members = config.pairs().stream()
                .flatMap(pair -> pair.settings().members().stream())
                .collect(Collectors.toSet());
        for (Config.PortConfig port : config.ports()) {
            if (!members.contains(port.name())) {
                plugged.accept(plug(port.name(), port.type(), gated(port), port.limits()));
            }
        }
        for (Config.PairConfig pair : config.pairs()) {
            plug(
                    pair,
                    pair.settings().members().stream()
                            .map(name -> Objects.requireNonNull(byName.get(name)))
                            .toList());
        }
    }

    private static GatedPort gated(Config.PortConfig config) {
        return new GatedPort(config.maker().make(), config.enabled());
    }

    private PluggedPort plug(String name, String type, GatedPort port, PortLimits limits) throws PortException {
        PortCounters counters = new PortCounters();
        Switchboard.Attachment attachment = board.attach(
                name, port, counters, limits.policy(), state.map(directory -> SwitchConfig.stateFile(directory, name)));
        undo.accept(attachment::close);
        undo.accept(port::close);
        port.start(attachment);
        return PluggedPort.of(name, type, port, counters, attachment);
    }

    private void plug(Config.PairConfig config, List<Config.PortConfig> memberConfigs) throws PortException {
        List<Pair.Member> parts = memberConfigs.stream()
                .map(member -> new Pair.Member(member.name(), gated(member), new PortCounters()))
                .toList();
        Pair pair = new Pair(config.name(), config.settings(), parts);
        PluggedPort whole =
                plug(config.name(), PairSettings.TYPE, new GatedPort(pair, config.enabled()), config.limits());
        List<PluggedPort> members = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            members.add(whole.member(parts.get(i), memberConfigs.get(i).type()));
        }
        plugged.accept(whole.madeOf(pair, members));
        members.forEach(plugged);
    }
}
