import Testing

@testable import Support

@Suite struct SystemFactsTests {
    @Test func fileSystemKindsAreToldByTheirNumbers() throws {
        #expect(FileSystemKind.kind(magic: 0x6969) == .nfs)
        #expect(FileSystemKind.kind(magic: 0x0bd0_0bd0) == .lustre)
        #expect(FileSystemKind.kind(magic: 0xff53_4d42) == .cifs)
        #expect(FileSystemKind.kind(magic: 0xfe53_4d42) == .cifs)
        #expect(FileSystemKind.kind(magic: 0x6573_5546) == .fuse)
        #expect(FileSystemKind.kind(magic: 0xef53) == .local)
        #expect(try FileSystemKind.of("/proc") == .local)
        #expect(throws: UserError.self) { try FileSystemKind.of("/no/such/folder") }
    }

    @Test func aDiskHasSpaceAndAMissingPathIsAnError() throws {
        #expect(try DiskSpace.available("/tmp") > 0)
        #expect(throws: UserError.self) { try DiskSpace.available("/no/such/folder") }
    }

    @Test func usageGrowsWithWork() {
        let before = ResourceUsage.current()
        var memory = [UInt8](repeating: 1, count: 32 << 20)
        var sum = 0
        while ResourceUsage.current().userSeconds <= before.userSeconds {
            for index in stride(from: 0, to: memory.count, by: 4096) { sum += Int(memory[index]) }
        }
        memory[sum % memory.count] = 2
        let after = ResourceUsage.current()
        #expect(after.userSeconds > before.userSeconds)
        #expect(after.residentBytes > 32 << 20)
        #expect(after.peakResidentBytes >= after.residentBytes - (1 << 20))
    }
}
