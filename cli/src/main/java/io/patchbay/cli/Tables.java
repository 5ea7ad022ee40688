package io.patchbay.cli;

import java.util.List;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Help.TextTable;

/** Tables for the terminal: columns as wide as what is in them. */
final class Tables {

    private static final int GAP = 2;

    private Tables() {}

    /** @param rows each as long as the header */
    static String render(List<String> header, List<List<String>> rows) {
        Column[] columns = new Column[header.size()];
        for (int c = 0; c < columns.length; c++) {
            int width = header.get(c).length();
            for (List<String> row : rows) {
                width = Math.max(width, row.get(c).length());
            }
            columns[c] = new Column(width + GAP, 0, Overflow.SPAN);
        }
        TextTable table = TextTable.forColumns(new ColorScheme.Builder(Ansi.OFF).build(), columns);
        table.addRowValues(header.toArray(String[]::new));
        rows.forEach(row -> table.addRowValues(row.toArray(String[]::new)));
        return table.toString();
    }
}
