package io.patchbay.core.control;

import io.patchbay.core.control.http.Answer;
import io.patchbay.core.control.http.Asked;
import io.patchbay.core.control.http.Route;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.PortException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;

/** The resources of the admin API. All of them are JSON. */
final class AdminApi {

    private final Daemon daemon;
    private final JsonMapper mapper = JsonMapper.builder().build();

    AdminApi(Daemon daemon) {
        this.daemon = daemon;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/status", asked -> json(daemon.status())),
                Route.get(
                        "/v1/ports",
                        asked -> json(daemon.ports().stream().map(Views::line).toList())),
                Route.getBelow("/v1/ports", this::port),
                Route.patchBelow("/v1/ports", this::change).knowing("admin"),
                Route.get("/v1/fdb", this::fdb).knowing("port"),
                Route.delete("/v1/fdb", this::flush).knowing("port"),
                Route.get("/v1/stats", asked -> json(Views.stats(daemon.ports(), daemon.board()))),
                Route.get("/v1/drops", asked -> json(Views.drops(daemon.ports(), daemon.board()))),
                Route.get("/v1/workers", asked -> json(Views.workers(daemon.board()))));
    }

    private Answer json(Object value) {
        return Answer.json(mapper.writeValueAsString(value));
    }

    private Answer port(Asked asked) {
        return daemon.port(asked.rest())
                .map(port -> json(Views.detail(port)))
                .orElseGet(() -> noSuchPort(asked.rest()));
    }

    private Answer change(Asked asked) {
        Optional<PluggedPort> port = daemon.port(asked.rest());
        if (port.isEmpty()) {
            return noSuchPort(asked.rest());
        }
        String admin = asked.parameter("admin").orElse("");
        if (!admin.equals("up") && !admin.equals("down")) {
            return Answer.problem(400, "the parameter admin must be up or down");
        }
        try {
            daemon.setEnabled(port.get(), admin.equals("up"));
        } catch (PortException e) {
            return Answer.problem(500, port.get().name() + " is admin " + admin + ", but " + e.getMessage());
        }
        return json(Views.detail(port.get()));
    }

    private Answer fdb(Asked asked) {
        Optional<String> wanted = asked.parameter("port");
        return wanted.map(name -> atPort(name, port -> addresses(wanted))).orElseGet(() -> addresses(wanted));
    }

    private Answer addresses(Optional<String> wanted) {
        return Answer.json(
                new JsonArrayParts(mapper, FdbLines.of(daemon.board().macs(), daemon.namesByIndex(), wanted)));
    }

    private Answer flush(Asked asked) {
        MacTable macs = daemon.board().macs();
        return asked.parameter("port")
                .map(name -> atPort(
                        name, port -> flushed(macs.flushPort(port.attachment().index()))))
                .orElseGet(() -> flushed(macs.flush()));
    }

    /** What is asked of the addresses of one port, if it can have any. */
    private Answer atPort(String name, Function<PluggedPort, Answer> action) {
        Optional<PluggedPort> port = daemon.port(name);
        if (port.isEmpty()) {
            return noSuchPort(name);
        }
        return port.get()
                .memberOf()
                .map(pair ->
                        Answer.problem(400, name + " is a member of " + pair + "; addresses are learnt on " + pair))
                .orElseGet(() -> action.apply(port.get()));
    }

    private Answer flushed(int addresses) {
        return json(Map.of("flushed", addresses));
    }

    private Answer noSuchPort(String name) {
        String known =
                String.join(", ", daemon.ports().stream().map(PluggedPort::name).toList());
        return Answer.problem(404, "there is no port " + name + "; there are: " + known);
    }
}
