using Xunit.Abstractions;
using Xunit.Sdk;

namespace Recorder;

/// <summary>xUnit.net's options by the names that its runners set.</summary>
internal sealed class FrameworkOptions : Dictionary<string, object?>, ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    public TValue GetValue<TValue>(string name) => TryGetValue(name, out object? value) && value != null ? (TValue)value : default!;

    public void SetValue<TValue>(string name, TValue value) => this[name] = value;
}

internal sealed class NoSourceInformation : ISourceInformationProvider
{
    public ISourceInformation GetSourceInformation(ITestCase testCase) => new SourceInformation();

    public void Dispose()
    {
    }
}
