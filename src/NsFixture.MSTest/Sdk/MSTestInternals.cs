using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NsFixture.MSTest.Sdk;

/// <summary>
/// The parts of MSTest's adapter that it keeps to itself: to run one test as MSTest does, there is no public way. All of them are
/// here. Known to be the same from 4.4.0 to 4.5.2; where one is missing, <see cref="Explain"/> says so.
/// </summary>
internal static class MSTestInternals
{
    private const string Assembly = ", MSTestAdapter.PlatformServices", Adapter = "Microsoft.VisualStudio.TestPlatform.MSTest.TestAdapter.";
    private const string SettingsType = Adapter + "MSTestSettings" + Assembly, ElementType = Adapter + "ObjectModel.UnitTestElement" + Assembly;
    private const string MethodType = Adapter + "ObjectModel.TestMethod" + Assembly, RunnerType = Adapter + "Execution.UnitTestRunner" + Assembly;
    private const string EnumeratorType = Adapter + "Discovery.AssemblyEnumerator" + Assembly, EnumerationType = Adapter + "Discovery.AssemblyEnumerationResult" + Assembly;
    private const string ContextType = "Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices.TestContextImplementation" + Assembly;
    private const string TraceWriterType = Adapter + "Execution.TraceTextWriter" + Assembly;
    private const string LoggerType = "Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices.Interface.IAdapterMessageLogger" + Assembly;

    /// <summary>The setting that says where output goes, and its values.</summary>
    public const string OutputCaptureMode = nameof(OutputCaptureMode), NoCapture = "None", LiveCapture = "Live";

    /// <summary>The interface by which a test's process hears what a test displays while it runs.</summary>
    public static Type MessageLogger => Type.GetType(LoggerType, throwOnError: true)!;

    /// <summary>What looks for a test's class, and for what initializes its assembly; null where a version has it not.</summary>
    public static Type? TypeCache => Type.GetType(Adapter + "Execution.TypeCache" + Assembly);

    /// <summary>The settings of this run that are not as they are by default.</summary>
    public static (string Name, string Value)[] ReadSettings()
    {
        object current = CurrentSettings(null);
        object byDefault = NewSettings();
        return
        [
            .. from property in SimpleSettings(current)
               let value = property.GetValue(current)
               where value != null && !value.Equals(property.GetValue(byDefault))
               select (property.Name, Convert.ToString(value, CultureInfo.InvariantCulture)!),
        ];
    }

    /// <summary>Settings as <see cref="ReadSettings"/> has told them.</summary>
    public static object Settings(IEnumerable<(string Name, string Value)> values)
    {
        object settings = NewSettings();
        foreach (var (name, value) in values)
        {
            PropertyInfo property = settings.GetType().GetProperty(name, Isolation.AllMethods)!;
            Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(settings, type.IsEnum ? Enum.Parse(type, value) : Convert.ChangeType(value, type, CultureInfo.InvariantCulture));
        }
        return settings;
    }

    /// <summary>What MSTest finds in a test assembly: tests and rows of data, as it would run them.</summary>
    public static (object[] Elements, List<string> Warnings) Discover(object settings, string assemblyPath)
    {
        object found = EnumerateAssembly(NewEnumerator(settings), assemblyPath, mustSerialize: false, useGeneratedDescriptors: true);
        return ([.. ((IEnumerable)GetElements(found)).Cast<object>()], GetWarnings(found));
    }

    /// <summary>What a test or row is shown as.</summary>
    public static string DisplayName(object element) => GetDisplayName(GetTestMethod(element));

    /// <summary>Whether MSTest leaves a row out.</summary>
    public static bool IsIgnored(object element) => GetIgnoreMessage(GetTestMethod(element)) != null;

    /// <summary>MSTest's runner, for this one test or row; where it captures output, it redirects the console.</summary>
    public static object Runner(object settings, object element)
    {
        Array elements = Array.CreateInstance(element.GetType(), 1);
        elements.SetValue(element, 0);
        return NewRunner(settings, elements);
    }

    /// <summary>Initializes assembly and class, runs, cleans up.</summary>
    public static Task<TestResult[]> RunAsync(object runner, object element, IDictionary<string, object?> properties, IDictionary<string, object?> lifecycleProperties, object logger) =>
        RunSingleTestAsync(runner, element, properties, lifecycleProperties, logger);

    /// <summary>Where what a test writes goes at once, if output is captured live.</summary>
    public static void SetLiveOutput(TextWriter writer, TextWriter? trace)
    {
        ConfigureLiveOutputWriter(null, writer);
        if (trace != null)
            LiveOutputOf(trace) = writer;
    }

    /// <summary>A test that did not run.</summary>
    public static TestResult Ignored(string? reason)
    {
        var result = new TestResult { Outcome = UnitTestOutcome.Ignored };
        SetIgnoreReason(result, reason);
        return result;
    }

    /// <summary>An exception thrown where this class and MSTest do not fit is replaced by one that says so.</summary>
    public static Exception Explain(Exception e) => e is MissingMemberException or TypeLoadException && e.Message.Contains("MSTest", StringComparison.Ordinal)
        ? new SandboxException($"NsFixture.MSTest does not know how to run a test of MSTest {typeof(TestResult).Assembly.GetName().Version}: use MSTest from 4.4.0 to 4.5.2. ({e.Message})")
        : e;

    private static IEnumerable<PropertyInfo> SimpleSettings(object settings) =>
        from property in settings.GetType().GetProperties(Isolation.AllMethods & ~BindingFlags.Static)
        let type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType
        where property.CanWrite && (type.IsPrimitive || type.IsEnum)
        select property;

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(SettingsType)]
    private static extern object NewSettings();

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "get_CurrentSettings")]
    [return: UnsafeAccessorType(SettingsType)]
    private static extern object CurrentSettings([UnsafeAccessorType(SettingsType)] object? type);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(EnumeratorType)]
    private static extern object NewEnumerator([UnsafeAccessorType(SettingsType)] object settings);

    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    [return: UnsafeAccessorType(EnumerationType)]
    private static extern object EnumerateAssembly([UnsafeAccessorType(EnumeratorType)] object enumerator, string assemblyFileName, bool mustSerialize, bool useGeneratedDescriptors);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_TestElements")]
    [return: UnsafeAccessorType("System.Collections.Generic.List`1[[" + ElementType + "]]")]
    private static extern object GetElements([UnsafeAccessorType(EnumerationType)] object found);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Warnings")]
    private static extern List<string> GetWarnings([UnsafeAccessorType(EnumerationType)] object found);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_TestMethod")]
    [return: UnsafeAccessorType(MethodType)]
    private static extern object GetTestMethod([UnsafeAccessorType(ElementType)] object element);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_DisplayName")]
    private static extern string GetDisplayName([UnsafeAccessorType(MethodType)] object method);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_TestDataSourceIgnoreMessage")]
    private static extern string? GetIgnoreMessage([UnsafeAccessorType(MethodType)] object method);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(RunnerType)]
    private static extern object NewRunner([UnsafeAccessorType(SettingsType)] object settings, [UnsafeAccessorType(Adapter + "ObjectModel.UnitTestElement[]" + Assembly)] object tests);

    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern Task<TestResult[]> RunSingleTestAsync([UnsafeAccessorType(RunnerType)] object runner, [UnsafeAccessorType(ElementType)] object element,
        IDictionary<string, object?> properties, IDictionary<string, object?> lifecycleProperties, [UnsafeAccessorType(LoggerType)] object logger);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod)]
    private static extern void ConfigureLiveOutputWriter([UnsafeAccessorType(ContextType)] object? type, TextWriter writer);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_console")]
    private static extern ref TextWriter LiveOutputOf([UnsafeAccessorType(TraceWriterType)] object trace);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_IgnoreReason")]
    public static extern string? GetIgnoreReason(TestResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_IgnoreReason")]
    public static extern void SetIgnoreReason(TestResult result, string? reason);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ExceptionMessage")]
    public static extern string? GetExceptionMessage(TestResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ExceptionStackTrace")]
    public static extern string? GetExceptionStackTrace(TestResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ExceptionExpectedText")]
    public static extern string? GetExpectedText(TestResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_ExceptionExpectedText")]
    public static extern void SetExpectedText(TestResult result, string? text);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ExceptionActualText")]
    public static extern string? GetActualText(TestResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_ExceptionActualText")]
    public static extern void SetActualText(TestResult result, string? text);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_RetryAttemptNumber")]
    public static extern int GetAttempt(TestResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_RetryAttemptNumber")]
    public static extern void SetAttempt(TestResult result, int attempt);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_IsSupersededRetryAttempt")]
    public static extern bool GetIsSuperseded(TestResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_IsSupersededRetryAttempt")]
    public static extern void SetIsSuperseded(TestResult result, bool isSuperseded);
}
