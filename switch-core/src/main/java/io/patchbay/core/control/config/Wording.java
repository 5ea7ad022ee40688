package io.patchbay.core.control.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;

/** What Jackson says of an error, without its advice to whoever programs with it. */
final class Wording {

    private static final Pattern ORIGIN = Pattern.compile(", from `[^`]*`");
    /** What only a programmer can make use of, and the punctuation that leads there. */
    private static final Pattern ADVICE =
            Pattern.compile("[:(,]?[^:(,]*(`|\\[Source|Feature|NullPointer).*", Pattern.DOTALL);

    private Wording() {}

    static String of(JacksonException error) {
        String message = error.getOriginalMessage();
        if (error instanceof UnexpectedEndOfInputException || message.startsWith("Unexpected end-of-input")) {
            return "the text ends too early: something that was opened is not closed";
        }
        String plain = ORIGIN.matcher(message).replaceAll("");
        Matcher advice = ADVICE.matcher(plain);
        String rest = advice.find() ? plain.substring(0, advice.start()).strip() : plain;
        return rest.isEmpty() ? "it means nothing here" : rest;
    }
}
