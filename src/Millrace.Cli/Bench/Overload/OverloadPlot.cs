using System.Globalization;
using System.Text;

namespace Millrace.Cli.Bench.Overload;

/// <summary>The course of an overload, as SVG: above, what was asked for and what was done; below, how long it took.</summary>
internal static class OverloadPlot
{
    private const int Width = 960;
    private const int Left = 80;
    private const int Right = 20;
    private const int PanelHeight = 220;
    private const int Top = 50;
    private const int Between = 60;
    private const double AimMs = 250;

    public static string Render(OverloadResult result)
    {
        var course = result.Course;
        var svg = new StringBuilder();
        Line(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Top + PanelHeight + Between + PanelHeight + 40}" font-family="sans-serif" font-size="13" fill="none">""");
        Line(svg, $"""<rect width="100%" height="100%" fill="#fff"/>""");
        var rates = new Panel(Top, course.Count, NiceAbove(course.Max(p => Math.Max(p.Offered, p.Accepted))));
        rates.Frame(svg, "requests a second", value => value.ToString("N0", CultureInfo.InvariantCulture));
        rates.Draw(svg, course.Select(p => p.Offered), "#999", "4 3");
        rates.Draw(svg, course.Select(p => p.Refused + p.Failed), "#d55e00");
        rates.Draw(svg, course.Select(p => p.Accepted), "#009e73");
        rates.Across(svg, result.Maximum, "#009e73");
        Legend(svg, ("orders asked for", "#999"), ("accepted", "#009e73"), ("refused or failed", "#d55e00"), ("dotted: measured maximum; aim of 250 ms", "#666"));
        var times = new Panel(Top + PanelHeight + Between, course.Count, NiceAbove(Math.Max(AimMs, course.Max(p => p.P99Ms))));
        times.Frame(svg, "accepted, slowest hundredth: ms", value => value.ToString("N0", CultureInfo.InvariantCulture));
        times.Draw(svg, course.Select(p => p.P99Ms), "#0072b2");
        times.Across(svg, AimMs, "#666");
        Line(svg, $"""<text x="{Width / 2}" y="{Top + PanelHeight + Between + PanelHeight + 32}" text-anchor="middle" fill="#333">seconds</text>""");
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static double NiceAbove(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(value, 1))));
        return new[] { 1, 2, 2.5, 5, 10 }.Select(step => step * power).First(nice => nice >= value);
    }

    private static void Legend(StringBuilder svg, params (string Name, string Color)[] entries)
    {
        var x = Left;
        foreach (var (name, color) in entries)
        {
            Line(svg, $"""<rect x="{x}" y="18" width="12" height="12" fill="{color}"/><text x="{x + 17}" y="29" fill="#333">{name}</text>""");
            x += 40 + (name.Length * 7);
        }
    }

    private static void Line(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private readonly record struct Panel(int Y, int Seconds, double Most)
    {
        private double X(double second) => Left + (second / Math.Max(1, Seconds - 1) * (Width - Left - Right));

        private double At(double value) => Y + PanelHeight - (value / Most * PanelHeight);

        public void Frame(StringBuilder svg, string name, Func<double, string> label)
        {
            for (var part = 0; part <= 4; part++)
            {
                var value = Most * part / 4;
                Line(svg, $"""<path d="M{Left} {At(value):F1}H{Width - Right}" stroke="#ddd"/><text x="{Left - 6}" y="{At(value) + 4:F1}" text-anchor="end" fill="#333">{label(value)}</text>""");
            }

            Line(svg, $"""<text x="{Left}" y="{Y - 6}" fill="#333">{name}</text>""");
            for (var second = 0; second < Seconds; second += 10)
                Line(svg, $"""<text x="{X(second):F1}" y="{Y + PanelHeight + 16}" text-anchor="middle" fill="#333">{second}</text>""");
        }

        public void Draw(StringBuilder svg, IEnumerable<double> values, string color, string dashes = "none")
        {
            var panel = this;
            var points = string.Join(' ', values.Select((value, second) => string.Create(CultureInfo.InvariantCulture, $"{panel.X(second):F1},{panel.At(value):F1}")));
            Line(svg, $"""<polyline points="{points}" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"/>""");
        }

        public void Across(StringBuilder svg, double value, string color) =>
            Line(svg, $"""<path d="M{Left} {At(value):F1}H{Width - Right}" stroke="{color}" stroke-dasharray="2 4"/>""");
    }
}
