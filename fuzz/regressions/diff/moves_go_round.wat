(module
  (type (;0;) (func (param i32 f32 i32 i64 i32) (result i32)))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (result f32 i32 i64 i64 funcref i32 i64 externref i64)))
  (type (;3;) (func (param i64 f64 f64 f64) (result f32 i32)))
  (table (;0;) 13 40 funcref)
  (memory (;0;) 1 4)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i64) i64.const 0)
  (func (;0;) (type 0) (param i32 f32 i32 i64 i32) (result i32)
    (local externref funcref i64 i64 i32 f64 f64 i32 funcref)
    call 1
    global.set 1
    local.set 5
    global.set 1
    local.set 2
    local.set 6
    local.set 3
    local.set 3
    global.set 0
    i32.trunc_sat_f32_s
    local.set 0
    local.get 7
    local.get 7
    i64.shr_u
    i64.const 274877906944
    i64.ge_s
    if ;; label = @1
      i32.const 1
      local.get 8
      i64.store16 offset=30
      nop
      local.get 0
      loop (type 1) (param i32) (result i32) ;; label = @2
        local.set 9
        local.get 9
        local.get 9
        i32.const 1
        i32.sub
        local.tee 9
        br_if 0 (;@2;)
      end
      if (result f32) ;; label = @2
        local.get 1
      else
        f32.const 0x1.ffp+30 (;=2143289300;)
      end
      i32.trunc_sat_f32_s
      i32.const 1
      i32.and
      global.get 0
      i32.store offset=65531 align=1
      f32.const 0x1p+52 (;=4503599600000000;)
      local.set 1
    end
    i32.const 0
    i64.const 0
    f64.const -0x1.649f026660b69p-949 (;=-0.00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000029275291074466913;)
    local.get 10
    local.get 11
    local.get 12
    if (type 3) (param i64 f64 f64 f64) (result f32 i32) ;; label = @1
      local.set 10
      drop
      local.set 11
      local.set 3
      i32.const 1
      call_indirect (type 2)
      local.set 3
      local.set 5
      local.set 7
      drop
      local.set 13
      global.set 1
      drop
      global.set 0
      i32.const 21
    else
      drop
      local.set 11
      local.set 10
      drop
      local.get 1
      local.get 4
    end
    global.set 0
    global.get 0
    f32.load offset=20 align=2
    f32.sub
    f32.store offset=65532
    i32.const 6
    local.get 6
    i32.const 1
    table.fill 0
    block ;; label = @1
      block ;; label = @2
        global.get 0
        if ;; label = @3
        end
        i32.const 1
        br_if 0 (;@2;)
      end
      i32.const 1
      br_if 0 (;@1;)
    end
    local.get 2
  )
  (func (;1;) (type 2) (result f32 i32 i64 i64 funcref i32 i64 externref i64)
    unreachable
  )
)
