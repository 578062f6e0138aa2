(module
  (type (;0;) (func (param i64 f32 i32 i32 externref)))
  (type (;1;) (func (param externref i64 i64) (result f32 externref)))
  (type (;2;) (func (param i64 i64 i64) (result f64)))
  (type (;3;) (func (param f32 i64 i32) (result f64)))
  (type (;4;) (func (param f32) (result f32)))
  (import "m" "f" (func (;0;) (type 0) (param i64 f32 i32 i32 externref)))
  (table (;0;) 11 40 funcref)
  (memory (;0;) 2)
  (global (;0;) (mut f32) f32.const 0x0p+0 (;=0;))
  (global (;1;) (mut funcref) ref.func 2)
  (global (;2;) (mut f64) f64.const -0x1.02p+7 (;=-129;))
  (elem (;0;) (table 0) (i32.const 2) funcref (ref.func 4) (ref.func 3) (ref.func 0) (ref.null func) (ref.func 4))
  (func (;1;) (type 1) (param externref i64 i64) (result f32 externref)
    (local i32 i32 f32 i32 f64 funcref i32 i64 i32 f64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i32 externref)
    block (result i32) ;; label = @1
      i32.const 0
    end
    i32.const 0
    i32.and
    i32.const 0
    i32.add
    i64.load16_u offset=24 align=1
    i64.const -8769510425935970305
    i64.and
    i32.wrap_i64
    local.get 3
    i32.const 33
    i32.const 1
    select
    i32.const 1023
    i32.and
    i32.const 0
    i32.shl
    i64.load32_s offset=3818
    i64.const 4294967295
    i64.mul
    i64.store32 align=1
    i32.const 4
    local.set 4
    f32.const 0x1.p-149 (;=0.000000000000000000000000000000000000000000001;)
    loop (type 4) (param f32) (result f32) ;; label = @1
      local.set 5
      local.get 5
      i32.const 0
      br_if 0 (;@1;)
    end
    i64.const 1
    local.get 6
    i32.const 0
    i32.and
    i32.const 2
    call_indirect (type 3)
    local.set 7
    i32.const 0
    memory.grow
    local.set 3
    global.get 1
    local.get 8
    local.get 4
    i32.const 59
    i32.const 1
    i32.or
    i32.rem_u
    select (result funcref)
    i32.const 2
    table.grow 0
    local.set 4
    global.get 0
    i32.trunc_sat_f32_s
    i32.const 16383
    i32.and
    i32.const 16177
    i32.add
    block (result f32) ;; label = @1
      local.get 5
      f32.neg
      local.get 4
      local.get 3
      i32.and
      br_if 0 (;@1;)
      global.set 0
      global.get 0
      local.get 9
      br_if 0 (;@1;)
      local.set 5
      f32.const 0x1p+0 (;=1;)
    end
    i32.const 4096
    if (result f32) ;; label = @1
      local.get 5
    else
      global.get 0
    end
    f32.const 0x1.8d388ap+47 (;=218374470000000;)
    f32.copysign
    f32.max
    f32.store offset=14575 align=2
    i32.const 1
    i32.const 12765
    i32.const -1
    memory.copy
    block ;; label = @1
      local.get 6
      br_table 0 (;@1;)
    end
    f32.const 0x1p+31 (;=2147483600;)
    i64.const 128
    local.get 10
    i64.rotr
    i32.const 0
    i32.const 6
    call_indirect (type 3)
    global.set 2
    i32.const 0
    local.set 11
    loop ;; label = @1
      i32.const 83354
      local.get 12
      f64.store offset=47712 align=1
      i64.const 0
      local.set 14
      nop
      nop
      i64.const 0
      local.set 20
      i64.const -1
      local.set 21
      i64.const 13
      local.set 22
      i64.const 4398046511103
      local.set 1
      i32.const 3
      local.set 23
      loop ;; label = @2
        block ;; label = @3
          i32.const 1
          br_table 0 (;@3;) 0 (;@3;) 0 (;@3;)
        end
        block ;; label = @3
          local.get 15
          local.get 19
          i64.add
          i32.wrap_i64
          br_table 0 (;@3;)
        end
        block ;; label = @3
          block ;; label = @4
            local.get 3
            i32.const 63
            i32.and
            br_table 1 (;@3;) 0 (;@4;) 0 (;@4;) 0 (;@4;) 1 (;@3;) 1 (;@3;) 1 (;@3;) 0 (;@4;) 1 (;@3;) 1 (;@3;) 1 (;@3;) 0 (;@4;) 0 (;@4;)
          end
          i64.const 0
          local.get 16
          i64.sub
          local.set 14
          local.get 14
          i64.eqz
          br_if 0 (;@3;)
        end
        local.get 13
        local.get 21
        i64.rotl
        local.set 13
        nop
        local.get 15
        local.get 22
        i64.xor
        local.set 15
        local.get 14
        local.get 22
        i64.add
        local.set 14
        local.get 16
        local.get 15
        i64.rotl
        local.set 16
        local.get 22
        local.set 13
        local.get 17
        local.get 13
        i64.add
        local.set 17
        nop
        local.get 19
        local.get 18
        i64.xor
        local.set 19
        local.get 20
        local.get 15
        i64.mul
        local.set 20
        local.get 21
        local.get 17
        i64.sub
        local.set 21
        local.get 18
        local.get 22
        i64.rotl
        local.set 18
        local.get 14
        local.set 22
        nop
        local.get 23
        i32.const 1
        i32.sub
        local.tee 23
        br_if 0 (;@2;)
      end
      local.get 11
      i32.const 1
      i32.add
      local.tee 11
      i32.const 8
      i32.lt_s
      br_if 0 (;@1;)
    end
    f32.const -0x1p+63 (;=-9223372000000000000;)
    local.get 11
    i32.const -1
    i32.const 1
    i32.or
    i32.rem_u
    if (result externref) ;; label = @1
      local.get 24
    else
      ref.null extern
    end
  )
  (func (;2;) (type 0) (param i64 f32 i32 i32 externref))
  (func (;3;) (type 2) (param i64 i64 i64) (result f64)
    unreachable
  )
  (func (;4;) (type 3) (param f32 i64 i32) (result f64)
    f64.const -0x1.3d09e35251ec6p-698 (;=-0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000009417491499852719;)
  )
)
