(module
  (type (;0;) (func (result i64)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 f32 f64 i32 externref i64 i64 f32 f64 i32 i64) (result i32 f64 f64)))
  (type (;3;) (func (param i64) (result i64)))
  (type (;4;) (func (param f64) (result f64 f32 i32 i32)))
  (import "m" "f" (func (;0;) (type 0) (result i64)))
  (import "m" "t" (table (;0;) 12 funcref))
  (memory (;0;) 2)
  (global (;0;) i64 i64.const 0)
  (global (;1;) (mut funcref) ref.null func)
  (global (;2;) f64 f64.const 0x1.f8p+5 (;=63;))
  (global (;3;) (mut i64) i64.const 0)
  (global (;4;) i64 i64.const 14)
  (func (;1;) (type 1)
    (local f32 i32 i64 i32 i64 i64 f64 i32 f64 f64 i32 funcref f64 i32 i32 i64 i32 i32 f32 i32 i32 i64 i32 i32 i32 i32 externref i32 f64)
    i32.const 5
    call_indirect (type 0)
    global.set 3
    local.get 0
    local.get 0
    f32.le
    br_if 0
    i32.const 0
    i32.const -1
    i32.ne
    br_if 0
    i32.const -1293088359
    local.set 1
    call 0
    local.set 2
    loop ;; label = @1
      block ;; label = @2
        local.get 3
        if (result i64) ;; label = @3
          local.get 2
        else
          local.get 2
        end
        i64.const 1
        i64.const 1
        i64.div_s
        i64.gt_s
        i32.const 7
        i32.and
        br_table 0 (;@2;)
      end
      local.get 2
      local.set 4
      block (result i32) ;; label = @2
        block (result i64) ;; label = @3
          i64.const 1
          local.get 1
          br_if 0 (;@3;)
          global.set 3
          block (result i64) ;; label = @4
            i64.const 48
            local.get 1
            br_if 0 (;@4;)
            local.set 5
            local.get 5
          end
        end
        global.set 3
        i32.const 0
        local.get 1
        br_if 0 (;@2;)
        local.set 3
        local.get 3
      end
      i32.const 8
      i32.le_u
      if ;; label = @2
        local.get 1
        if (result i64) ;; label = @3
          i64.const 1
        else
          i64.const 0
        end
        i32.wrap_i64
        br_if 0 (;@2;)
        nop
      end
      local.get 6
      local.set 6
      local.get 3
      br_if 0 (;@1;)
    end
    call 0
    local.set 2
    block (result i64) ;; label = @1
      block ;; label = @2
        local.get 1
        br_table 0 (;@2;) 0 (;@2;)
      end
      i64.const 1
      local.get 1
      br_if 0 (;@1;)
      local.set 4
      global.get 4
      i32.const 141542871
      br_if 0 (;@1;)
      local.set 5
      local.get 5
    end
    local.set 4
    nop
    loop ;; label = @1
      f64.const 0x1.6f91f676b7506p-962 (;=0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000036833624938042097;)
      local.set 6
      local.get 8
      local.set 9
      local.get 7
      br_if 0 (;@1;)
    end
    block ;; label = @1
      local.get 1
      local.set 3
      local.get 10
      i32.const 0
      i32.and
      i32.const 1278
      i32.add
      i32.load16_s offset=18 align=1
      br_if 1
      i32.const 1
      if (result i32) ;; label = @2
        i32.const 0
        i32.load8_u offset=131071
      else
        block (result i32) ;; label = @3
          local.get 7
        end
      end
      br_if 1
      local.get 0
      i32.trunc_sat_f32_s
      local.tee 7
      if ;; label = @2
        local.get 1
        local.get 1
        i32.add
        if ;; label = @3
          i32.const 0
          local.set 1
          local.get 11
          local.set 11
        end
        block (result i32) ;; label = @3
          block (result i32) ;; label = @4
            block (result i32) ;; label = @5
              block (result i32) ;; label = @6
                block (result i32) ;; label = @7
                  i32.const 0
                  local.get 1
                  i32.load8_s
                  i32.const 4
                  i32.rem_u
                  br_table 3 (;@4;) 1 (;@6;) 3 (;@4;) 4 (;@3;)
                end
              end
            end
          end
        end
        local.get 1
        i32.sub
        i32.const 1
        i32.and
        local.get 8
        f64.store offset=131063 align=2
        br 2
      end
    end
    local.get 13
    local.get 2
    local.get 2
    i64.and
    i64.store offset=8708 align=1
    i32.const 1
    local.get 13
    i32.const 0
    i32.const 71338258
    i32.le_s
    nop
    local.get 2
    loop (type 3) (param i64) (result i64) ;; label = @1
      local.set 15
      i64.const 0
      i32.const 0
      br_if 0 (;@1;)
    end
    local.get 5
    i64.ne
    select
    i32.store16 offset=131069
    nop
    loop ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block (result i32) ;; label = @4
            block (result i32) ;; label = @5
              local.get 7
              local.get 7
              local.tee 10
              i32.const 4
              i32.rem_u
              br_table 1 (;@4;) 3 (;@2;) 0 (;@5;) 0 (;@5;)
            end
          end
        end
      end
      i32.const 0
      i32.and
      i32.const 0
      i32.add
      local.get 18
      f32.store offset=3835 align=1
      loop ;; label = @2
        block ;; label = @3
          i32.const 1
          local.get 17
          if (result i64) ;; label = @4
            local.get 2
          else
            i64.const 0
          end
          i64.const 0
          i64.const 1
          i64.or
          i64.div_u
          i64.store offset=77479
          local.get 10
          local.get 10
          local.get 10
          table.copy
          i32.const 199018186
          br_if 2 (;@1;)
          nop
          global.get 3
          global.set 3
          local.get 19
          i32.const -616943317
          i32.store offset=44 align=1
        end
        i32.const 0
        local.set 20
        loop ;; label = @3
          local.get 5
          local.set 2
          block (result i64) ;; label = @4
            block (result i64) ;; label = @5
              block (result i64) ;; label = @6
                block (result i64) ;; label = @7
                  block (result i64) ;; label = @8
                    local.get 15
                    local.get 4
                    global.get 3
                    i64.const 1
                    i64.or
                    i64.div_u
                    local.get 21
                    local.get 4
                    local.get 2
                    local.get 16
                    i64.load32_s offset=13167 align=2
                    local.get 5
                    f64.const 0x1.7ce5686552676p+42 (;=6543745586505.615;)
                    i64.trunc_f64_s
                    i64.const 0
                    local.get 2
                    i32.const -128
                    if (result i64) ;; label = @9
                      local.get 2
                    else
                      local.get 4
                    end
                    global.get 0
                    local.get 2
                    i64.shl
                    i64.or
                    i64.or
                    i64.rotl
                    i64.xor
                    i64.rotl
                    i64.shr_u
                    i64.rotr
                    i64.shl
                    i64.mul
                    i64.rotl
                    i64.rotr
                    i32.const 0
                    br_table 3 (;@5;) 2 (;@6;) 4 (;@4;) 1 (;@7;)
                  end
                  i32.const 1
                  local.set 22
                end
              end
              local.get 23
              local.get 24
              local.get 3
              select (result i32)
              local.tee 19
              local.set 16
            end
          end
          local.set 21
          local.get 20
          br_if 0 (;@3;)
        end
        i32.const 12
        i32.const 12
        i32.lt_s
        br_if 0 (;@2;)
      end
      call 0
      local.set 15
      local.get 16
      br_if 0 (;@1;)
    end
    block (result i32) ;; label = @1
      local.get 23
      i32.const 0
      br_if 0 (;@1;)
      local.set 10
      i32.const 1
    end
    if ;; label = @1
      i32.const 1
      if ;; label = @2
        call 0
        global.set 3
        local.get 2
        local.get 13
        i32.eqz
        if (result i32) ;; label = @3
          local.get 13
        else
          local.get 23
        end
        i32.const 0
        i32.and
        i32.const 0
        i32.add
        i64.load align=1
        i64.eq
        i32.const 16383
        i32.and
        i32.const 4019
        i32.add
        global.get 2
        f64.store align=4
        i32.const 16
        if (result i32) ;; label = @3
          local.get 16
        else
          local.get 17
        end
        i32.extend16_s
        i32.const 0
        local.get 14
        if (result i32) ;; label = @3
          local.get 22
        else
          local.get 20
        end
        local.get 16
        i32.shr_s
        select
        i32.const 0
        i32.and
        i32.load8_u
        local.set 22
      end
      i32.const 0
      br_if 0 (;@1;)
      i32.const 1
      f64.load align=2
      i32.const 0
      if (type 4) (param f64) (result f64 f32 i32 i32) ;; label = @2
        local.set 8
        local.get 6
        local.get 20
        i32.const 1
        i32.and
        f32.load offset=131067
        i32.const -96891143
        i32.clz
        local.get 24
        f32.const 0x1p+63 (;=9223372000000000000;)
        f64.const 0x1.ffffp+16 (;=131071;)
        local.get 13
        ref.null extern
        local.get 15
        local.get 15
        local.get 0
        local.get 6
        local.get 25
        i64.const 0
        call 2
        local.set 6
        drop
        i32.const 1
        i32.or
        i32.rem_s
        f64.const 0x1p+5 (;=32;)
        global.get 2
        f64.mul
        local.get 8
        f64.eq
      else
        local.set 28
        global.get 2
        f32.const -0x1.555556p-2 (;=-0.33333334;)
        i32.const 0
        local.get 3
      end
      local.set 19
      local.set 23
      drop
      f64.nearest
      local.set 8
    else
    end
  )
  (func (;2;) (type 2) (param i32 f32 f64 i32 externref i64 i64 f32 f64 i32 i64) (result i32 f64 f64)
    unreachable
  )
)
