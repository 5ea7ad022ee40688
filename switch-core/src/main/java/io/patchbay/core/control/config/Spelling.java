package io.patchbay.core.control.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Guesses what somebody meant to write. */
final class Spelling {

    private Spelling() {}

    /** The word that is nearest, if it is near: at most one letter in three wrong, whatever their case. */
    static Optional<String> closest(String written, List<String> words) {
        String nearest = "";
        int least = Integer.MAX_VALUE;
        for (String word : words) {
            int distance = distance(written.toLowerCase(Locale.ROOT), word.toLowerCase(Locale.ROOT));
            if (distance < least && distance <= Math.max(1, word.length() / 3)) {
                nearest = word;
                least = distance;
            }
        }
        return least == Integer.MAX_VALUE ? Optional.empty() : Optional.of(nearest);
    }

    /** How many letters must be put in, taken out, changed, or swapped with the next (the restricted Damerau-Levenshtein distance). */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
