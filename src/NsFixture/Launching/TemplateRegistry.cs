using System.Globalization;

namespace NsFixture.Launching;

/// <summary>
/// The prepared directories of a fork server, by number. They lie in its zygote's memory. One that could not be prepared is tried
/// again, under another number.
/// </summary>
internal sealed class TemplateRegistry
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Task<string>> numbers = [];
    private int last;

    /// <summary>The number of a template, once it is prepared.</summary>
    public Task<string> GetAsync(string name, Func<string, Task> prepare)
    {
        lock (gate)
        {
            if (numbers.TryGetValue(name, out Task<string>? known) && !known.IsFaulted && !known.IsCanceled)
                return known;
            string number = (++last).ToString(CultureInfo.InvariantCulture);
            return numbers[name] = Task.Run(async () =>
            {
                await prepare(number).ConfigureAwait(false);
                return number;
            });
        }
    }
}
