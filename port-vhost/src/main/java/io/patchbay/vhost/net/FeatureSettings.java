package io.patchbay.vhost.net;

import io.patchbay.core.port.SettingException;
import io.patchbay.vhost.wire.Feature;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The {@code features} object of a port.
 *
 * @param disable names of virtio features that are not to be offered; those that depend on them go with them
 */
public record FeatureSettings(List<String> disable) {

    /** More changes than this, and a name is not a misspelling of another. */
    private static final int MOST_EDITS = 6;

    /** Nothing disabled. */
    public static final FeatureSettings ALL = new FeatureSettings(List.of());

    public FeatureSettings {
        disable = List.copyOf(disable);
        for (String name : disable) {
            if (!names().contains(name)) {
                throw SettingException.of("disable", name, "names of virtio features" + suggestion(name));
            }
            if (name.equals(Feature.VHOST_USER_F_PROTOCOL_FEATURES.name())) {
                throw SettingException.of(
                        "disable", name, "any feature but this one, without which vhost-user is hardly there");
            }
        }
    }

    long mask() {
        return disable.stream()
                .map(Feature::valueOf)
                .mapToLong(feature -> feature.mask())
                .reduce(0, (a, b) -> a | b);
    }

    private static List<String> names() {
        return Arrays.stream(Feature.values()).map(Feature::name).toList();
    }

    private static String suggestion(String wrong) {
        String upper = wrong.toUpperCase(Locale.ROOT);
        return names().stream()
                .min(Comparator.comparingInt(name -> distance(upper, name)))
                .filter(name -> distance(upper, name) <= MOST_EDITS)
                .map(name -> "; did you mean " + name + "?")
                .orElse(", such as " + Feature.VIRTIO_NET_F_MRG_RXBUF);
    }

    private static int distance(String wrong, String name) {
        if (wrong.length() > 2 && ("_" + name + "_").contains("_" + wrong + "_")) {
            return 0; // a word of the name, as people say it
        }
        // Most leave out the prefix.
        String bare = name.replaceFirst("^(VIRTIO|VHOST)(_NET|_USER)?_F_", "");
        return Math.min(edits(wrong, name), edits(wrong, bare));
    }

    /** Letters to put in, take out or replace to make one of the other (Levenshtein). */
    private static int edits(String a, String b) {
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
