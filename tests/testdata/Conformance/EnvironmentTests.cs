using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Conformance;

public class EnvironmentTests(ITestOutputHelper output)
{
    [Fact]
    public void The_base_directory_is_the_assemblys()
    {
        Assert.Equal(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location) + "/", AppContext.BaseDirectory);
        Assert.Equal(AppContext.BaseDirectory, AppDomain.CurrentDomain.BaseDirectory);
    }

    [Fact]
    public void The_assembly_has_a_place() => Assert.True(File.Exists(Assembly.GetExecutingAssembly().Location), Assembly.GetExecutingAssembly().Location);

    [Fact]
    public void The_current_directory() => output.WriteLine(Path.GetRelativePath(AppContext.BaseDirectory, Environment.CurrentDirectory));

    [Fact]
    public void The_current_directory_can_be_listed() => Assert.NotNull(Directory.GetFileSystemEntries("."));

    [Fact]
    public void The_output_directory_can_be_written()
    {
        string path = Path.Combine(AppContext.BaseDirectory, $"written-by-{Guid.NewGuid():N}");
        File.WriteAllText(path, "text");
        Assert.Equal("text", File.ReadAllText(path));
        File.Delete(path);
    }

    [Fact]
    public void Temporary_files()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "text");
        File.Delete(path);
    }

    [Fact]
    public void Environment_variables()
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(n => !n.StartsWith("NSFIXTURE_") && !n.StartsWith("CONFORMANCE_")).Order(StringComparer.Ordinal))
            output.WriteLine($"{name}={Environment.GetEnvironmentVariable(name)}");
    }

    [Fact]
    public void Environment_variables_of_the_C_library()
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
            Assert.Equal(Environment.GetEnvironmentVariable(name), Marshal.PtrToStringUTF8(GetEnv(name)));
        Assert.Equal(0, GetEnv("DOTNET_TieredPGO"));
    }

    [Fact]
    public void Cultures()
    {
        output.WriteLine($"[{CultureInfo.CurrentCulture.Name}] [{CultureInfo.CurrentUICulture.Name}] {1234.5:N2} {TimeZoneInfo.Local.Id} {DateTime.UnixEpoch.ToLocalTime():o}");
        var own = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        own.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = own;
        output.WriteLine($"{1234.5:N2} {Task.Run(() => $"{1.5:N1}").Result}");
    }

    [Fact]
    public void Runtime()
    {
        output.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.RuntimeIdentifier}");
        output.WriteLine($"{Environment.ProcessorCount} processors, user interactive: {Environment.UserInteractive}, server GC: {System.Runtime.GCSettings.IsServerGC}");
        output.WriteLine($"target {AppContext.TargetFrameworkName}, invariant: {AppContext.TryGetSwitch("System.Globalization.Invariant", out bool on) && on}");
        output.WriteLine($"encodings: {Console.OutputEncoding.WebName}, {System.Text.Encoding.Default.WebName}");
        output.WriteLine($"new line: {(int)Environment.NewLine[0]}, {Path.GetTempPath()}");
    }

    [Fact]
    public void Threads()
    {
        // Not whether it is a pool thread: xUnit.net starts the first test of a sequential run, and here that is each, on its caller's.
        Thread thread = Thread.CurrentThread;
        output.WriteLine($"synchronization context {SynchronizationContext.Current?.GetType().FullName ?? "none"}, scheduler {TaskScheduler.Current.GetType().Name}");
        output.WriteLine($"{thread.Priority}, {thread.GetApartmentState()}");
    }

    [Fact]
    public async Task Threads_after_an_await()
    {
        await Task.Delay(1);
        output.WriteLine($"synchronization context {SynchronizationContext.Current?.GetType().FullName ?? "none"}");
        await Task.Delay(1).ConfigureAwait(false);
        output.WriteLine($"background: {Thread.CurrentThread.IsBackground}, pool: {Thread.CurrentThread.IsThreadPoolThread}");
    }

    [Fact]
    public void The_stack_is_deep_enough() => Assert.Equal(5_000, Descend(5_000));

    [Fact]
    public void Identity()
    {
        Assert.Equal(Environment.ProcessId, Process.GetCurrentProcess().Id);
        Assert.Equal("Conformance", typeof(EnvironmentTests).Assembly.GetName().Name);
        Assert.Same(typeof(EnvironmentTests).Assembly, Assembly.Load("Conformance"));
        Assert.Same(typeof(FactAttribute).Assembly, Assembly.Load(typeof(FactAttribute).Assembly.GetName().Name!));
        Assert.Single(AppDomain.CurrentDomain.GetAssemblies(), a => a.GetName().Name == "Conformance");
    }

    [DllImport("libc", EntryPoint = "getenv")]
    private static extern nint GetEnv(string name);

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static int Descend(int depth) => depth == 0 ? 0 : 1 + Descend(depth - 1);
}

public class StateTests(ITestOutputHelper output)
{
    private static readonly Guid Id = Guid.NewGuid();
    private static int initialized = 1;
    [ThreadStatic]
    private static int perThread;
    private readonly List<int> own = [];

    [Fact]
    public void Static_state_is_initialized()
    {
        Assert.NotEqual(Guid.Empty, Id);
        Assert.True(initialized++ >= 1);
        perThread++;
        output.WriteLine("static");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Instance_state_is_fresh(int n)
    {
        own.Add(n);
        Assert.Equal([n], own);
    }

    [Fact]
    public void Async_locals_flow() => Assert.Equal(5, Flow().Result);

    private static async Task<int> Flow()
    {
        var local = new AsyncLocal<int> { Value = 5 };
        await Task.Yield();
        return local.Value;
    }
}
