package io.patchbay.core.port;

import java.util.List;

/**
 * A kind of port. Implementations are listed in {@code META-INF/services} and have a public constructor without parameters.
 *
 * @param <S> the kind's settings: a record whose components are the keys of the port's JSON object besides {@code name} and
 *     {@code type}. A component of type {@link java.util.Optional} may be left out; any other must be given. The canonical constructor
 *     refuses bad values with a {@link SettingException}.
 */
public interface PortProvider<S extends Record> {

    /** The word in the configuration's {@code type}. */
    String type();

    /** The class of the kind's settings. */
    Class<S> settings();

    /** What ports with such settings want for themselves: a configuration in which two ports claim the same is refused. */
    default List<Claim> claims(S settings) {
        return List.of();
    }

    /** Whether ports of this kind can be members of a pair: they say when their status changes ({@link PortContext#statusChanged}). */
    default boolean canBeMember() {
        return false;
    }

    /** Makes a port that is not started yet. Opens nothing. */
    Port create(String name, S settings);
}
